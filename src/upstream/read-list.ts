// Reads a whole list of Aerospike Cloud under the gateway's own credential, page by page. Either gives the whole list or
// fails, also for one malformed entry; half a list would show as absent what is there.
import { z } from 'zod';
import { GatewayError } from '../errors.ts';
import { isShallow, memberOf, withExactNumbers } from '../net/json.ts';
import type { UpstreamReader } from './client.ts';
import { retryAfterHeader, type UpstreamAnswer } from './read-answer.ts';
import { UpstreamRefused } from './upstream-refused.ts';

/** What a list consists of, and how one of its pages is read. */
export interface ListForm<Entry> {
  /** In words, as a caller reads them: "list of …". */
  readonly name: string;
  /** `LimitParam` of the vendor's contract allows at most 100; an answer may have 1 MiB. */
  readonly pageSize: number;
  /** The member of a page that holds its entries. */
  readonly member: string;
  /** Checks entries and changes none: they are passed on as they were listed. */
  readonly entries: z.ZodType<readonly Entry[], readonly Entry[]>;
  /** What never changes of an entry. Entries with the same identity are one entry. */
  identityOf(entry: Entry): string;
}

/** What the pages of every list have besides their entries. */
const listPage = z.looseObject({
  // Nullable in the vendor's contract.
  meta: z.looseObject({ total: z.int().min(0).nullish() }).nullish(),
});

/** A whole list. */
export interface UpstreamList<Entry> {
  readonly entries: readonly Entry[];
  /** The upstream's `X-Request-Id` of the last page. */
  readonly requestId: string | undefined;
}

interface Page<Entry> extends UpstreamList<Entry> {
  readonly total: number | undefined;
}

export interface ListRequest {
  /** Below the API's base URL. */
  readonly path: string;
  /** Besides `limit` and `offset`. */
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as `X-Request-Id`. */
  readonly requestId: string;
  /** For all pages together, in milliseconds; by default that of one request. */
  readonly timeoutMs?: number;
  /** The entries are answered: numbers of unknown members are written again as they were listed. */
  readonly isExact?: boolean;
}

/** Far beyond what a list has. */
const maxPages = 100;
/** Attempts to read a list that changes while it is read. */
const maxReadings = 3;

/**
 * Rejects with `UpstreamRefused` for a 4xx, and with a `GatewayError` when the upstream cannot be read or its list is broken;
 * nothing was changed then.
 */
export async function readList<Entry>(
  upstream: UpstreamReader,
  form: ListForm<Entry>,
  { path, query, requestId, timeoutMs = upstream.timeoutMs, isExact = false }: ListRequest,
): Promise<UpstreamList<Entry>> {
  // Each page has its own timeout, and all pages together have this one.
  const until = performance.now() + timeoutMs;
  for (let reading = 0; reading < maxReadings; reading += 1) {
    const list = await readPages(form, async (offset) => {
      if (performance.now() > until) throw tooSlow();
      const page = { path, query: { ...query, limit: form.pageSize, offset }, requestId };
      return pageIn(form, await upstream.read(page), isExact);
    });
    if (list !== 'incomplete') return list;
  }
  throw brokenList(form, 200);
}

/** `incomplete`: what was read is not all that there is, by what the server says itself. */
async function readPages<Entry>(
  form: ListForm<Entry>,
  read: (offset: number) => Promise<Page<Entry>>,
): Promise<UpstreamList<Entry> | 'incomplete'> {
  const { pageSize } = form;
  const found = new Map<string, Entry>();
  let total: number | undefined;
  let offset = 0;
  for (let number = 0; number < maxPages; number += 1) {
    const { total: totalNow, entries, requestId } = await read(offset);
    // Another total: the list has changed, and an entry may have moved across the edge of a page.
    if (number > 0 && totalNow !== total) return 'incomplete';
    total = totalNow;
    const before = found.size;
    for (const entry of entries) found.set(form.identityOf(entry), entry);
    offset += entries.length;
    const isLast = total !== undefined && offset >= total && entries.length < pageSize;
    // A server may give fewer entries than asked for, or all of them again. Without a total, a page with nothing new ends it.
    if (!isLast && found.size > before) continue;
    const isWhole = isComplete(found.size, total, entries.length, pageSize);
    return isWhole ? { entries: [...found.values()], requestId } : 'incomplete';
  }
  throw brokenList(form, 200);
}

/** A full page that repeats known entries means that the server ignores the offset: nobody knows what lies behind it. */
const isComplete = (found: number, total: number | undefined, lastPage: number, pageSize: number): boolean =>
  total === undefined ? lastPage !== pageSize : found >= total;

function pageIn<Entry>(form: ListForm<Entry>, answer: UpstreamAnswer, isExact: boolean): Page<Entry> {
  if (answer.status >= 400 && answer.status < 500) throw new UpstreamRefused(answer);
  // Entries are written out again.
  const json = answer.status === 200 && isShallow(answer.json) ? answer.json : undefined;
  const page = listPage.safeParse(json).data;
  const isValid = form.entries.safeParse(memberOf(json, form.member)).success;
  if (page === undefined || !isValid) throw brokenList(form, answer.status, retryAfterHeader(answer));
  const listed = isExact ? withExactNumbers(answer.body, json) : json;
  const entries = memberOf(listed, form.member) as readonly Entry[];
  return { entries, total: page.meta?.total ?? undefined, requestId: answer.requestId };
}

const tooSlow = (): GatewayError =>
  new GatewayError('upstream-timeout', {
    context: { sent: 'no' },
    proxyError: 'http_response_timeout',
    cause: new Error('the pages of the list took too long together'),
  });

const brokenList = (
  { name }: Pick<ListForm<unknown>, 'name'>,
  receivedStatus: number,
  headers: Record<string, string> = {},
): GatewayError =>
  new GatewayError('upstream-broken', {
    detail: `Aerospike Cloud's list of ${name} was broken. The request was not sent.`,
    context: { sent: 'no' },
    headers,
    proxyError: 'http_protocol_error',
    receivedStatus,
  });
