// Polls for the final status of peerings. Callers share reads of a cluster's list, and their number is bounded. A wait ends at
// its deadline or when the gateway stops.
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { NetworkReader } from './network-reader.ts';
import type { ListedPeering } from './peerings.ts';
import { retryAfterMsOf } from './read-answer.ts';
import type { UpstreamList } from './read-list.ts';
import { resolvePeering } from './resolve-peering.ts';
import { UpstreamRefused } from './upstream-refused.ts';

const maxWaiting = 64;
const finalStatuses = ['active', 'rejected', 'expired', 'failed', 'deleted'];
const maxPauseMs = 2000;
const minPauseMs = 500;
/** Maximum age of a list that other callers share. */
const freshMs = 1000;

/** A peering as last read. */
export interface FoundPeering {
  readonly peering: ListedPeering;
  /** The upstream's `X-Request-Id` of the caller's own last read. */
  readonly requestId: string | undefined;
  /** It is active or can no longer become active. */
  readonly final: boolean;
}

export interface Wanted {
  readonly clusterId: string;
  /** The vendor's id, as the path names it. */
  readonly peeringId: string;
  readonly requestId: string;
}

/** The slot of a waiting request. */
interface Wait {
  readonly end: Promise<void>;
  readonly signal: AbortSignal;
  /** By `performance.now()`. */
  readonly deadline: number;
  leave(): void;
}

export class PeeringPoller {
  readonly #network: Pick<NetworkReader, 'peerings'>;
  readonly #lists = new Map<string, SharedList>();
  readonly #waits = new Set<AbortController>();
  readonly #clock: Pick<Clock, 'now'>;
  #stopped = false;

  constructor(network: Pick<NetworkReader, 'peerings'>, clock: Pick<Clock, 'now'>) {
    this.#network = network;
    this.#clock = clock;
  }

  /** Number of waiting requests. */
  get waiting(): number {
    return this.#waits.size;
  }

  /** `undefined` if the peering is not listed. Rejects as `NetworkReader.peerings` does, or with `peering-ambiguous`. */
  async read(wanted: Wanted): Promise<FoundPeering | undefined> {
    return findIn(await this.#network.peerings(wanted.clusterId, wanted.requestId, true), wanted.peeringId);
  }

  /** A slot, which must be left; `undefined` if all are taken or the gateway stops. */
  enter(deadline: number): Wait | undefined {
    if (this.#stopped || this.#waits.size >= maxWaiting) return undefined;
    const over = new AbortController();
    this.#waits.add(over);
    const timer = setTimeout(() => over.abort(), Math.max(0, deadline - performance.now()));
    const end = new Promise<void>((resolve) => over.signal.addEventListener('abort', () => resolve()));
    const leave = () => {
      clearTimeout(timer);
      this.#waits.delete(over);
      over.abort();
    };
    return { end, deadline, signal: over.signal, leave };
  }

  /** Ends all waits and refuses new ones. */
  stop(): void {
    this.#stopped = true;
    for (const over of this.#waits) over.abort();
  }

  /**
   * The peering in its final status, or as last read when the wait ends. Retries failed reads, but not before the upstream's
   * `Retry-After`. Rejects with `UpstreamRefused` or `peering-ambiguous`.
   */
  async wait(wanted: Wanted, first: FoundPeering, wait: Wait): Promise<FoundPeering | undefined> {
    const { signal, end, deadline } = wait;
    let found: FoundPeering | undefined = first;
    let readAt = performance.now();
    let retryAfterMs = 0;
    while (found !== undefined && !found.final && !signal.aborted) {
      const left = deadline - performance.now();
      const pauseMs = Math.max(minPauseMs, retryAfterMs, Math.min(maxPauseMs, left - minPauseMs));
      retryAfterMs = 0;
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      const before: FoundPeering = found;
      const next = this.#sharedList(wanted, readAt).then(
        (list) => findIn(list, wanted.peeringId, before),
        (error: unknown) => {
          if (error instanceof UpstreamRefused) throw error;
          retryAfterMs = retryAfterMsOf(error, this.#clock.now());
          return before;
        },
      );
      found = await Promise.race([next, end.then(() => before)]);
      readAt = performance.now();
    }
    return found;
  }

  /**
   * A list whose read began after the caller's last read: an older list may lack its peering. The upstream may answer with the
   * request id that it got, so the id of a read for another caller is left out.
   */
  #sharedList({ clusterId, requestId }: Wanted, readAt: number): Promise<UpstreamList<ListedPeering>> {
    const known = this.#lists.get(clusterId);
    if (known !== undefined && known.begunAt >= readAt && isFresh(known))
      return known.list.then(({ entries }) => ({ entries, requestId: undefined }));
    const entry: SharedList = {
      list: this.#network.peerings(clusterId, requestId, true),
      begunAt: performance.now(),
      doneAt: undefined,
    };
    this.#lists.set(clusterId, entry);
    const done = () => {
      entry.doneAt = performance.now();
      setTimeout(() => {
        if (this.#lists.get(clusterId) === entry) this.#lists.delete(clusterId);
      }, freshMs).unref();
    };
    entry.list.then(done, done);
    return entry.list;
  }
}

/** Times are those of `performance.now()`. */
interface SharedList {
  readonly list: Promise<UpstreamList<ListedPeering>>;
  readonly begunAt: number;
  doneAt: number | undefined;
}

const isFresh = ({ doneAt }: SharedList): boolean =>
  doneAt === undefined || doneAt > performance.now() - freshMs;

function findIn(
  { entries, requestId }: UpstreamList<ListedPeering>,
  peeringId: string,
  before?: FoundPeering,
): FoundPeering | undefined {
  const peering = resolvePeering(entries, peeringId);
  const final = finalStatuses.includes(peering?.status ?? '');
  return peering && { peering, requestId: requestId ?? before?.requestId, final };
}
