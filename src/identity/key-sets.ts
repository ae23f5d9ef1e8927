// The keys of every configured issuer, each kept current on its own.
import type { Dispatcher } from 'undici';
import type { AuthConfig } from '../config/config.ts';
import { KeySet, type KeySetServices } from './key-set.ts';
import { keySourceFor } from './key-source.ts';

export interface KeySetsServices extends Pick<KeySetServices, 'clock' | 'logger'> {
  readonly agent: Dispatcher;
  /** So many tokens of unknown keys wait for one issuer at most. */
  readonly maxWaiting: number;
  /** Told of each fetch. */
  readonly observe: (issuer: string, result: 'ok' | 'failed') => void;
}

/** By issuer. None of them has been started. */
export const createKeySets = (
  auth: AuthConfig,
  { agent, observe, ...services }: KeySetsServices,
): ReadonlyMap<string, KeySet> =>
  new Map(
    auth.issuers.map((issuer) => [
      issuer,
      new KeySet(issuer, keySourceFor(issuer, auth, agent), auth.jwksMaxStaleMs, {
        ...services,
        observe: (result) => observe(issuer, result),
      }),
    ]),
  );
