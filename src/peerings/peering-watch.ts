// Waits for a peering to come to rest, for many callers at once: they share looks at a cluster's list, and no more than so
// many wait. Ends every wait when the gateway stops.
import { setTimeout as pause } from 'node:timers/promises';
import type { Look, Preflight } from '../creates/preflight.ts';
import type { ListedPeering } from '../upstream/peerings.ts';
import type { UpstreamAnswer } from '../upstream/read-answer.ts';

/** Interface, section 3. */
const mostWaiting = 64;
const restingStatuses = ['active', 'rejected', 'expired', 'failed', 'deleted'];
const pollMs = 2000;
/** A look this young serves another caller, too. */
const freshMs = 1000;

export type Seen =
  | { readonly peering: ListedPeering; readonly resting: boolean; readonly refused?: undefined }
  | { readonly peering: undefined; readonly refused?: undefined }
  | { readonly refused: UpstreamAnswer };

export interface Wanted {
  readonly clusterId: string;
  /** The vendor's id, lower case. */
  readonly peeringId: string;
  readonly requestId: string;
}

export class PeeringWatch {
  readonly #preflight: Pick<Preflight, 'look'>;
  readonly #looks = new Map<string, { readonly look: Promise<Look>; doneAt: number | undefined }>();
  readonly #stopping = new AbortController();
  #waiting = 0;

  constructor(preflight: Pick<Preflight, 'look'>) {
    this.#preflight = preflight;
  }

  /** The peering as it is now. Rejects as the look does. */
  async see(wanted: Wanted): Promise<Seen> {
    return seenIn(await this.#preflight.look(wanted.clusterId, wanted.requestId), wanted.peeringId);
  }

  /** Ends all waits, and every later one at once. */
  stop(): void {
    this.#stopping.abort();
  }

  /**
   * The peering when it rests, or as it was last seen when the time is over, the caller is gone, or too many wait. Rejects
   * as the last look did.
   */
  async wait(wanted: Wanted, waitMs: number, gone: AbortSignal): Promise<Seen> {
    const until = performance.now() + waitMs;
    let seen = await this.see(wanted);
    if (this.#waiting >= mostWaiting) return seen;
    this.#waiting += 1;
    const ended = AbortSignal.any([gone, this.#stopping.signal]);
    try {
      while (mayChange(seen) && !ended.aborted) {
        const left = until - performance.now();
        if (left <= 0) break;
        await pause(Math.min(pollMs, left), undefined, { signal: ended }).catch(() => undefined);
        if (!ended.aborted) seen = await this.#lookAgain(wanted, seen, left <= pollMs);
      }
      return seen;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** A look that fails while there is time left is made again. */
  async #lookAgain(wanted: Wanted, before: Seen, last: boolean): Promise<Seen> {
    try {
      return seenIn(await this.#shared(wanted), wanted.peeringId);
    } catch (error) {
      if (last) throw error;
      return before;
    }
  }

  #shared({ clusterId, requestId }: Wanted): Promise<Look> {
    const known = this.#looks.get(clusterId);
    const fresh = known?.doneAt === undefined || known.doneAt > performance.now() - freshMs;
    if (known !== undefined && fresh) return known.look;
    const entry = {
      look: this.#preflight.look(clusterId, requestId),
      doneAt: undefined as number | undefined,
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

const mayChange = (seen: Seen): boolean =>
  seen.refused === undefined && seen.peering !== undefined && !seen.resting;

function seenIn(look: Look, peeringId: string): Seen {
  if (look.refused !== undefined) return { refused: look.refused };
  const peering = look.peerings.find(({ id }) => id.toLowerCase() === peeringId);
  if (peering === undefined) return { peering };
  return { peering, resting: restingStatuses.includes(peering.status ?? '') };
}
