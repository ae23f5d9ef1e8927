// An Aerospike Cloud that has taken a request and does not answer until it is told to. What the gateway reads by itself is
// answered at once.
import type { ServerResponse } from 'node:http';
import { isOwnRead, peeringsPath, type TestGateway } from '../support/gateway.ts';

export interface HeldUpstream {
  /** Resolves when so many requests have arrived in all. */
  arrived(count: number): Promise<void>;
  /** Answers all that wait with 201, and lets the next ones go their usual way. */
  release(): void;
}

export const peeringId = '0c9a2a3e-5a1b-4a46-8f0c-0e5a7b1d2c3f';

/** Tokens are issued as usual. */
export function holdUpstream(gateway: TestGateway): HeldUpstream {
  const held: ServerResponse[] = [];
  let count = 0;
  let wake: () => void = () => undefined;
  gateway.cloud.setFault((seen) =>
    seen.path.includes(peeringsPath) && !isOwnRead(seen)
      ? (_request, response) => {
          held.push(response);
          count += 1;
          wake();
        }
      : undefined,
  );
  return {
    arrived: (wanted) =>
      new Promise((resolve) => {
        wake = () => count >= wanted && resolve();
        wake();
      }),
    release() {
      gateway.cloud.setFault(undefined);
      for (const response of held.splice(0)) {
        response.writeHead(201, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ id: peeringId }));
      }
    },
  };
}
