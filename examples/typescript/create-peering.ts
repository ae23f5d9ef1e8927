// Creates a VPC peering and waits for the next step, with openapi-fetch. Types come from the contract:
//   npm install openapi-fetch && npx openapi-typescript openapi/gateway.yaml --output gateway.d.ts
import createClient from 'openapi-fetch';
import type { components, paths } from './gateway.d.ts';

export interface PeeringOptions {
  /** Of the gateway, BASE_PATH included. */
  readonly baseUrl: string;
  /** An access token of your identity provider, with the scopes for creates and lists. */
  readonly token: string;
  readonly clusterId: string;
  readonly vpc: {
    vpcId: string;
    cidrBlock: string;
    accountId: string;
    region: string;
    isSecureConnection: boolean;
  };
  /** The same for every attempt at this peering: a repeated request then creates nothing twice. */
  readonly idempotencyKey: string;
  readonly waitSeconds?: number;
}

/** Rejects with the problem document of a refusal. */
export async function createPeering(options: PeeringOptions) {
  const { baseUrl, token, clusterId, vpc, idempotencyKey, waitSeconds = 60 } = options;
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

  const created = await client.POST('/database/clusters/{clusterId}/vpc-peerings', {
    params: { path: { clusterId }, header: { 'Idempotency-Key': idempotencyKey } },
    body: vpc,
  });
  if (created.error !== undefined) throw refusal(created.error);
  // The contract leaves room for other successes of Aerospike Cloud, so TypeScript does not know which one this is.
  const { id } = created.data as components['schemas']['VPCPeering'];

  // 200 with a final status, or 202 when the time is over. In both, nextStep says what to do in AWS.
  const followed = await client.GET('/database/clusters/{clusterId}/vpc-peerings/{peeringId}', {
    params: {
      path: { clusterId, peeringId: id },
      query: { wait: 'active', timeoutSeconds: waitSeconds },
    },
  });
  if (followed.error !== undefined) throw refusal(followed.error);
  return followed.data;
}

/** `context` has every violation of the policy, with what would have been allowed. */
function refusal(problem: { title: string; detail?: string; context?: unknown }): Error {
  return new Error(`${problem.title}: ${problem.detail}`, { cause: problem.context });
}
