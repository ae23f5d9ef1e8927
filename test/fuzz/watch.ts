// Watches everything that comes out of a gateway besides its answers: the audit chain, line by line as it grows, log lines,
// and what reaches the upstream. Keeps no more than one batch of it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { RecordedRequest } from '../../sandbox/recorded-requests.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import { canary, forwardedFor } from './case.ts';
import type { Permit } from './oracle.ts';

interface Allowed {
  left: number;
  /** Batches that it has seen since. */
  age: number;
}

/** A change of a caller who hung up may still be under way so many batches later. */
const oldestBatches = 20;
/** So many records are held against their schema, and later only a part of them: it costs as much as to serve a request. */
const alwaysValidated = 20_000;
const validatedEvery = 8;
const sentHeaders = {
  POST: 'accept authorization connection content-length content-type host user-agent x-request-id',
  DELETE: 'accept authorization connection host user-agent x-request-id',
} as const;

/** In RFC 8785 form, the first of a record is its own; it covers the line without this member. */
const ownFingerprint = /,"fingerprint":\{[^{}]*\}/;

const keyOf = ({ method, path, body }: Permit): string => `${method} ${path} ${body}`;

export class Watch {
  readonly faults: string[] = [];
  readonly counts = { records: 0, intents: 0, posts: 0, deletes: 0, reads: 0 };
  readonly #secrets: Set<string>;
  readonly #expected: RegExp | undefined;
  readonly #permits = new Map<string, Allowed>();
  /** Changes with an intent and without an outcome, by the gateway's request id; the VPC or the peering of each. */
  readonly #open = new Map<string, string>();
  #output: string[] = [];
  #proxyWarned = false;
  /** Fingerprint of the record before; the first one states none. */
  #previous: string | undefined;

  /** `expected`: lines of the log that want an operator, as they must. */
  constructor(secrets: readonly string[], expected?: RegExp) {
    this.#secrets = new Set(secrets);
    this.#expected = expected;
  }

  get openIntents(): number {
    return this.#open.size;
  }

  permit(permits: readonly Permit[]): void {
    for (const permit of permits) {
      const key = keyOf(permit);
      this.#permits.set(key, { left: (this.#permits.get(key)?.left ?? 0) + 1, age: 0 });
    }
  }

  /** Has this very create reached the upstream? Of deletes, which are alike, nobody can say. */
  wasSent(permit: Permit): boolean {
    return !this.#permits.has(keyOf(permit));
  }

  log(line: string): void {
    this.#output.push(line);
    if (line.includes('"msg":"X-Forwarded-For from an address outside TRUST_PROXY is ignored')) {
      // The first of a process is a warning.
      if (this.#proxyWarned) this.faults.push(`a second warning: ${line}`);
      this.#proxyWarned = true;
    } else if (/"level":"(error|fatal|warn)"/.test(line) && this.#expected?.test(line) !== true)
      this.faults.push(`a log line that wants an operator: ${line}`);
  }

  record(line: string): void {
    this.counts.records += 1;
    this.#output.push(line);
    const record = JSON.parse(line);
    if (this.counts.records < alwaysValidated || this.counts.records % validatedEvery === 0)
      this.#validate(record);
    const { metadata, api, attestation_list: attestations } = record;
    const [{ fingerprint, prev_event: before }] = attestations;
    const computed = createHash('sha256').update(line.replace(ownFingerprint, '')).digest('hex');
    if (
      metadata.sequence !== this.counts.records ||
      fingerprint.value !== computed ||
      before?.fingerprint.value !== this.#previous
    )
      this.faults.push(`the audit chain is broken at record ${this.counts.records}`);
    this.#previous = computed;
    const { data } = api?.request ?? {};
    if (/^peering[.](create|delete)[.]intent$/.test(metadata.event_code)) {
      this.counts.intents += 1;
      this.#open.set(api.request.uid, data.peeringId ?? data.vpcId);
    } else if (/^peering[.](create|delete)[.]outcome$/.test(metadata.event_code))
      this.#open.delete(api.request.uid);
  }

  #validate(record: unknown): void {
    try {
      assertAuditRecord(record);
    } catch (error) {
      this.faults.push((error as Error).message);
    }
  }

  /** Everything that the upstream is sent, once all of it is there. */
  sent({ method, path, headers, body }: RecordedRequest): void {
    const { authorization } = headers;
    if (authorization !== undefined) this.#secrets.add(authorization.slice('Bearer '.length));
    if (path === '/oauth/token') return;
    if (method !== 'POST' && method !== 'DELETE') {
      this.counts.reads += 1;
      if (method !== 'GET' || body !== '')
        this.faults.push(`an unexpected request upstream: ${method} ${path}`);
      return;
    }
    this.counts[method === 'POST' ? 'posts' : 'deletes'] += 1;
    const key = keyOf({ method, path, body });
    const allowed = this.#permits.get(key);
    if (allowed === undefined) this.faults.push(`a change went upstream that nobody may make: ${key}`);
    else if (allowed.left > 1) allowed.left -= 1;
    else this.#permits.delete(key);
    const names = Object.keys(headers).sort().join(' ');
    if (names !== sentHeaders[method]) this.faults.push(`other headers went upstream: ${names}`);
    const about = method === 'POST' ? (JSON.parse(body) as { vpcId: string }).vpcId : path.split('/').at(-1);
    if (![...this.#open.values()].includes(about ?? ''))
      this.faults.push(`a change without an intent: ${key}`);
  }

  /** Ends a batch: looks for secrets and for what callers hid in places that nothing comes out of. */
  endBatch(answers: readonly string[], signatures: ReadonlySet<string>): void {
    const output = [...this.#output, ...answers].join('\n');
    this.#output = [];
    for (const secret of [...this.#secrets, canary, forwardedFor])
      if (output.includes(secret)) this.faults.push(`${secret} came out: ${around(output, secret)}`);
    // Base64url of `{"`, as every header and payload of a JWT begins.
    const [found] = output.includes('eyJ') ? (/eyJ[\w-]{16,}/.exec(output) ?? []) : [];
    if (found !== undefined) this.faults.push(`of a token came out: ${around(output, found)}`);
    for (const signature of signatures)
      if (signature.length >= 24 && output.includes(signature.slice(0, 24)))
        this.faults.push(`of a signature came out: ${around(output, signature.slice(0, 24))}`);
    for (const [key, allowed] of this.#permits) {
      allowed.age += 1;
      if (allowed.age > oldestBatches) this.#permits.delete(key);
    }
  }

  assertNone(): void {
    assert.deepEqual(this.faults.slice(0, 5), []);
  }
}

function around(output: string, found: string): string {
  const at = output.indexOf(found);
  return output.slice(Math.max(0, at - 200), at + 200);
}
