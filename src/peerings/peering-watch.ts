// Waits for a peering to come to rest, for many callers at once: they share looks at a cluster's list, and no more than so
// many wait. Ends every wait when the gateway stops, and none later than its time.
import { setTimeout as pause } from 'node:timers/promises';
import type { Look, Preflight } from '../creates/preflight.ts';
import { askedWaitMs } from '../upstream/asked-wait.ts';
import type { ListedPeering } from '../upstream/peerings.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';
import { resolvePeering } from './resolve-peering.ts';

/** Interface, section 3. */
const mostWaiting = 64;
const restingStatuses = ['active', 'rejected', 'expired', 'failed', 'deleted'];
const longestPauseMs = 2000;
const shortestPauseMs = 500;
/** A look this young serves another caller, too. */
const freshMs = 1000;

export type Seen =
  | { readonly peering: ListedPeering; readonly resting: boolean; readonly refused?: undefined }
  /** The list is there, and the peering is not in it. */
  | { readonly peering: undefined; readonly refused?: undefined }
  /** The upstream's own 4xx to the look. */
  | { readonly refused: UpstreamAnswer };

export interface Wanted {
  readonly clusterId: string;
  /** The vendor's id, as the path names it. */
  readonly peeringId: string;
  readonly requestId: string;
}

export interface Wait {
  readonly end: Promise<void>;
  readonly signal: AbortSignal;
  /** By `performance.now()`. */
  readonly until: number;
  leave(): void;
}

export class PeeringWatch {
  readonly #preflight: Pick<Preflight, 'look'>;
  readonly #looks = new Map<string, SharedLook>();
  readonly #waits = new Set<AbortController>();
  readonly #now: () => number;
  #stopped = false;

  /** `now`: milliseconds since the epoch. */
  constructor(preflight: Pick<Preflight, 'look'>, now: () => number = Date.now) {
    this.#preflight = preflight;
    this.#now = now;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waits.size;
  }

  /** The peering as it is now. Rejects as `Preflight.look` does, and with `peering-ambiguous`. */
  async see(wanted: Wanted): Promise<Seen> {
    return seenIn(await this.#preflight.look(wanted.clusterId, wanted.requestId), wanted.peeringId);
  }

  /** A place to wait in, which must be left; `undefined` when all are taken or the gateway stops. */
  enter(until: number): Wait | undefined {
    if (this.#stopped || this.#waits.size >= mostWaiting) return undefined;
    const over = new AbortController();
    this.#waits.add(over);
    const timer = setTimeout(() => over.abort(), Math.max(0, until - performance.now()));
    const end = new Promise<void>((resolve) => over.signal.addEventListener('abort', () => resolve()));
    const leave = () => {
      clearTimeout(timer);
      this.#waits.delete(over);
      over.abort();
    };
    return { end, until, signal: over.signal, leave };
  }

  /** Ends all waits; there is no place for later ones. */
  stop(): void {
    this.#stopped = true;
    for (const over of this.#waits) over.abort();
  }

  /**
   * The peering when it rests, or as it was last seen when the wait ends. A look that fails while there is time left is made
   * again, not before the upstream wants to be asked. Rejects with `peering-ambiguous`.
   */
  async wait(wanted: Wanted, first: Seen, { signal, end, until }: Wait): Promise<Seen> {
    let seen = first;
    let seenAt = performance.now();
    let askedMs = 0;
    while (mayChange(seen) && !signal.aborted) {
      const left = until - performance.now();
      const pauseMs = Math.max(shortestPauseMs, askedMs, Math.min(longestPauseMs, left - shortestPauseMs));
      askedMs = 0;
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      const before = seen;
      const look = this.#shared(wanted, seenAt).then(
        (found) => seenIn(found, wanted.peeringId),
        (error: unknown) => {
          askedMs = askedWaitMs(error, this.#now());
          return before;
        },
      );
      seen = await Promise.race([look, end.then(() => before)]);
      seenAt = performance.now();
    }
    return seen;
  }

  /** One that began later than what the caller has seen: an older one may not know of its peering yet. */
  #shared({ clusterId, requestId }: Wanted, seenAt: number): Promise<Look> {
    const known = this.#looks.get(clusterId);
    if (known !== undefined && known.beganAt >= seenAt && isFresh(known)) return known.look;
    const entry: SharedLook = {
      look: this.#preflight.look(clusterId, requestId),
      beganAt: performance.now(),
      doneAt: undefined,
    };
    this.#looks.set(clusterId, entry);
    const done = () => {
      entry.doneAt = performance.now();
      setTimeout(() => {
        if (this.#looks.get(clusterId) === entry) this.#looks.delete(clusterId);
      }, freshMs).unref();
    };
    entry.look.then(done, done);
    return entry.look;
  }
}

/** Times are those of `performance.now()`. */
interface SharedLook {
  readonly look: Promise<Look>;
  readonly beganAt: number;
  doneAt: number | undefined;
}

const isFresh = ({ doneAt }: SharedLook): boolean =>
  doneAt === undefined || doneAt > performance.now() - freshMs;

/** Is there anything to wait for? */
export const mayChange = (seen: Seen): boolean =>
  seen.refused === undefined && seen.peering !== undefined && !seen.resting;

function seenIn(look: Look, peeringId: string): Seen {
  if (look.refused !== undefined) return { refused: look.refused };
  const peering = resolvePeering(look.peerings, peeringId);
  if (peering === undefined) return { peering };
  return { peering, resting: restingStatuses.includes(peering.status ?? '') };
}
