// A create that the policy has allowed, as a value, without a gateway around it.

import { type CreateTarget, createPeering } from '../../src/operations/create-peering/create-peering.ts';
import { AuthorizedChange } from '../../src/request/authorize.ts';
import { Progress } from '../../src/request/progress.ts';
import type { Parsed } from '../../src/request/request.ts';
import { Stages } from '../../src/telemetry/stages.ts';
import { allowed, clusterId, guardrailsOnly } from './gateway.ts';
import { policyOf } from './policy.ts';

const policy = policyOf(guardrailsOnly);

/** The request itself, before the policy is asked. */
export const parsedCreate = (overrides: Partial<Parsed<CreateTarget>> = {}): Parsed<CreateTarget> =>
  ({
    startedAt: Date.parse('2026-11-01T00:00:00Z'),
    gatewayRequestId: '0b54e1a8-5f0c-4c3b-9a86-3d8d1a0c7f11',
    requestId: 'order-17',
    clientAddress: '192.0.2.7',
    operation: createPeering,
    caller: {
      issuer: 'https://idp.example',
      subject: 'svc-payments',
      clientId: undefined,
      tokenId: undefined,
      withoutScopes: false,
      scopes: new Set(['create:database']),
      claims: { sub: 'svc-payments' },
    },
    target: { clusterId, peering: { clusterId, ...allowed }, dryRun: false },
    dryRun: false,
    policy,
    stages: new Stages(() => undefined),
    raw: {
      params: { clusterId },
      query: '',
      headers: {},
      rawHeaders: [],
      accepts: () => false,
      readBody: () => Promise.resolve(Buffer.from(JSON.stringify(allowed))),
    },
    slot: { enterUpstream: () => undefined, park: () => undefined },
    connection: { closed: false, onClose: () => undefined },
    ...overrides,
  }) as Parsed<CreateTarget>;

/** Throws `policy-denied`. */
export function authorizedCreate(overrides?: Partial<Parsed<CreateTarget>>): AuthorizedChange<CreateTarget> {
  const request = parsedCreate(overrides);
  return AuthorizedChange.authorize(createPeering, request, new Progress(request));
}
