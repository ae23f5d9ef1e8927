// Serializes creates for one cluster, first come, first served. Waiting is bounded.
import { GatewayError } from '../../errors.ts';

/** Releases the lock. A second call does nothing. */
export type Release = () => void;

export interface ClusterLock {
  /** Resolves when the lock is held. Rejects with `cluster-busy` after a timeout. */
  acquire(clusterId: string): Promise<Release>;
}

interface Waiting {
  readonly start: (release: Release) => void;
}

export class LocalClusterLock implements ClusterLock {
  readonly #maxWaitMs: number;
  /** The waiters for each held lock. */
  readonly #queues = new Map<string, Set<Waiting>>();

  constructor(maxWaitMs: number) {
    this.#maxWaitMs = maxWaitMs;
  }

  acquire(clusterId: string): Promise<Release> {
    const queue = this.#queues.get(clusterId);
    if (queue === undefined) {
      this.#queues.set(clusterId, new Set());
      return Promise.resolve(this.#releaseOf(clusterId));
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        start(release) {
          clearTimeout(timer);
          resolve(release);
        },
      };
      const timer = setTimeout(() => {
        queue.delete(waiting);
        reject(clusterBusy());
      }, this.#maxWaitMs);
      queue.add(waiting);
    });
  }

  #releaseOf(clusterId: string): Release {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const queue = this.#queues.get(clusterId) ?? new Set();
      for (const next of queue) {
        queue.delete(next);
        next.start(this.#releaseOf(clusterId));
        return;
      }
      this.#queues.delete(clusterId);
    };
  }
}

export const clusterBusy = (): GatewayError =>
  new GatewayError('cluster-busy', { headers: { 'Retry-After': '5' }, context: { sent: 'no' } });
