// A cluster whose peerings never change: each is deleted as often as anybody may, and the oracle knows where it lies.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

export interface KnownPeering {
  readonly id: string;
  readonly accountId: string;
  readonly region: string;
}

/** The sandbox has no such cluster, so that nothing is created in it. */
export const knownCluster = '3c1e8f4a-6a77-4b1d-9a0e-5d4c3b2a1f03';

/** Inside the guardrails in either region, in one region only, and outside of them. */
const places = [
  { accountId: '111122223333', region: 'us-east-1' },
  { accountId: '111122223333', region: 'eu-west-1' },
  { accountId: '111122223333', region: 'ap-south-1' },
  { accountId: '444455556666', region: 'us-east-1' },
] as const;

/** So many of each, so that no two of few cases are about the same one. */
export const knownPeerings: readonly KnownPeering[] = places.flatMap((place, kind) =>
  Array.from({ length: 6 }, (_, number) => ({
    id: `d0d0d0d0-000${kind}-4000-8000-00000000000${number}`,
    ...place,
  })),
);

/** Answers for the cluster, and for nothing else. */
export function serveKnown({ method, path }: { method: string; path: string }): RequestListener | undefined {
  if (!path.includes(`/${knownCluster}/vpc-peerings`)) return undefined;
  return (_request: IncomingMessage, response: ServerResponse) => {
    if (method === 'DELETE') {
      response.writeHead(204).end();
      return;
    }
    const vpcPeerings = knownPeerings.map((peering) => ({ ...peering, status: 'active' }));
    const total = vpcPeerings.length;
    const body = { count: total, meta: { total, limit: 100, offset: 0 }, vpcPeerings };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
}
