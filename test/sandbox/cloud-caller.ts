// Talks to the Aerospike Cloud sandbox over a real socket, as the gateway will: a token first, then calls with it.
import { request } from 'undici';
import type { AerospikeCloud } from '../../sandbox/aerospike-cloud.ts';

export interface CloudAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: CloudBody;
}

/** What tests read of a body: a peering, a list, a cluster, a token or a problem. Each answer has the members of its kind. */
interface CloudBody extends PeeringBody, TokenBody, ProblemBody {
  readonly count: number;
  readonly meta: { readonly total: number; readonly limit: number; readonly offset: number };
  readonly vpcPeerings: readonly [PeeringBody, ...PeeringBody[]];
  readonly infrastructure: { readonly cidrBlock: string };
}

interface PeeringBody {
  readonly id: string;
  readonly peeringId: string;
  readonly status: string;
}

/** RFC 6749, sections 5.1 and 5.2. */
interface TokenBody {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly error: string;
}

/** Problem details, RFC 9457. */
interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly message: string;
  readonly context: {
    readonly id: string;
    readonly missing: readonly string[];
    readonly invalid: readonly [{ readonly field: string }, ...{ readonly field: string }[]];
  };
}

export interface CloudCall {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const goodCreate = {
  vpcId: 'vpc-0123456789abcdef0',
  cidrBlock: '10.20.4.0/22',
  accountId: '111122223333',
  region: 'us-east-1',
  isSecureConnection: true,
} as const;

export async function send(url: string, method: string, call: CloudCall = {}): Promise<CloudAnswer> {
  const body = typeof call.body === 'string' ? call.body : JSON.stringify(call.body);
  const answer = await request(url, {
    method,
    headers: {
      ...(call.token !== undefined && { authorization: `Bearer ${call.token}` }),
      ...(call.body !== undefined && { 'content-type': 'application/json' }),
      ...call.headers,
    },
    body: call.body === undefined ? null : body,
  });
  const text = await answer.body.text();
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

export function askForToken(cloud: AerospikeCloud, form: Record<string, string> = {}): Promise<CloudAnswer> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: cloud.clientId,
    client_secret: cloud.clientSecret,
    ...form,
  }).toString();
  return send(cloud.tokenUrl, 'POST', {
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
}

export async function serviceToken(cloud: AerospikeCloud, form?: Record<string, string>): Promise<string> {
  const { body } = await askForToken(cloud, form);
  return String(body.access_token);
}

export function peeringsUrl(cloud: AerospikeCloud, clusterId = cloud.clusters[0]?.id ?? ''): string {
  return `${cloud.apiUrl}/database/clusters/${clusterId}/vpc-peerings`;
}
