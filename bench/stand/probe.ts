// The requests by which a candidate proves what it checks, each wrong in one way only.
import { goodCreate, peeringsPath } from '../load/deck.ts';
import type { Keys } from './tokens.ts';
import { audience } from './tokens.ts';

export const probes = {
  signature: 'a token signed by somebody else',
  expired: 'an expired token',
  audience: 'a token for another service',
  scope: 'a token without the scope',
  'missing member': 'a body that lacks a member',
  'unknown member': 'a body with one member too many',
  'repeated member': 'a body with a member named twice',
  'host bits': 'a block with host bits set',
  account: "somebody else's account",
  region: 'a region that is not allowed',
  block: 'a block outside the allowed ones',
  'forbidden block': 'a block that overlaps a forbidden one',
} as const;

export type Probe = keyof typeof probes;
export const everyProbe = Object.keys(probes) as Probe[];

/** How a refusal of each may be told. */
export const refusals: Readonly<Record<Probe, readonly number[]>> = {
  signature: [401],
  expired: [401],
  audience: [401, 403],
  scope: [403],
  'missing member': [400, 422],
  'unknown member': [400, 422],
  'repeated member': [400, 422],
  'host bits': [400, 403, 422],
  account: [403],
  region: [403],
  block: [403],
  'forbidden block': [403],
};

export interface ProbeRequest {
  readonly path: string;
  readonly token: string;
  readonly body: string;
}

const bodies: Partial<Record<Probe, string>> = {
  'missing member': JSON.stringify({ ...goodCreate, region: undefined }),
  'unknown member': JSON.stringify({ ...goodCreate, note: 'x' }),
  'repeated member': JSON.stringify(goodCreate).replace('{', '{"region":"eu-west-1",'),
  'host bits': JSON.stringify({ ...goodCreate, cidrBlock: '10.20.5.0/22' }),
  account: JSON.stringify({ ...goodCreate, accountId: '999988887777' }),
  region: JSON.stringify({ ...goodCreate, region: 'ap-south-1' }),
  block: JSON.stringify({ ...goodCreate, cidrBlock: '192.168.0.0/22' }),
  'forbidden block': JSON.stringify({ ...goodCreate, cidrBlock: '10.128.4.0/22' }),
};

/** What is wrong with the token: its claims, or whose key signed it. */
const claims: Partial<Record<Probe, Record<string, unknown>>> = {
  expired: { exp: Math.floor(Date.now() / 1000) - 600 },
  audience: { aud: `${audience}.other` },
  scope: { scope: 'openid' },
};

/** `undefined`: the good create. */
export async function probeRequest(
  probe: Probe | undefined,
  { keys, strangers, issuer }: { keys: Keys; strangers: Keys; issuer: string },
): Promise<ProbeRequest> {
  const signer = probe === 'signature' ? strangers : keys;
  return {
    path: peeringsPath(probe === undefined ? 0 : everyProbe.indexOf(probe) + 1),
    token: await signer.sign(issuer, 0, probe === undefined ? {} : claims[probe]),
    body: (probe === undefined ? undefined : bodies[probe]) ?? JSON.stringify(goodCreate),
  };
}
