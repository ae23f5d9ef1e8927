// Lets creates for one cluster go one at a time, in the order in which they came. Waiting has an end.
import { GatewayError } from '../../errors.ts';

/** Ends a turn. Calling it again does nothing. */
export type Release = () => void;

export interface ClusterLock {
  /** Resolves when it is this one's turn; rejects with `cluster-busy` when that takes too long. */
  acquire(clusterId: string): Promise<Release>;
}

interface Waiting {
  readonly begin: (end: Release) => void;
}

export class LocalClusterLock implements ClusterLock {
  readonly #maxWaitMs: number;
  /** Who waits behind the one whose turn it is. */
  readonly #queues = new Map<string, Set<Waiting>>();

  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs;
  }

  acquire(clusterId: string): Promise<Release> {
    const queue = this.#queues.get(clusterId);
    if (queue === undefined) {
      this.#queues.set(clusterId, new Set());
      return Promise.resolve(this.#endOf(clusterId));
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        begin(end) {
          clearTimeout(timer);
          resolve(end);
        },
      };
      const timer = setTimeout(() => {
        queue.delete(waiting);
        reject(clusterBusy());
      }, this.#maxWaitMs);
      queue.add(waiting);
    });
  }

  #endOf(clusterId: string): Release {
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const queue = this.#queues.get(clusterId) ?? new Set();
      for (const next of queue) {
        queue.delete(next);
        next.begin(this.#endOf(clusterId));
        return;
      }
      this.#queues.delete(clusterId);
    };
  }
}

export const clusterBusy = (): GatewayError =>
  new GatewayError('cluster-busy', { headers: { 'Retry-After': '5' }, context: { sent: 'no' } });
