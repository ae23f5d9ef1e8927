// Carries out a create at most once per Idempotency-Key. A create without a key is carried out unconditionally.
import { hash } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import type { PipelineServices } from '../../pipeline/services.ts';
import type { Parsed } from '../../request/request.ts';
import type { KeyUse } from '../../state/idempotency/idempotency-store.ts';
import type { CreateTarget } from './create-peering.ts';
import { type Created, IdempotencyLease } from './idempotency-lease.ts';

/** `work` gets the key's lease, if the request has a key. Rejects with `idempotency-…`, or as `work` does. */
export async function withIdempotencyKey(
  request: Parsed<CreateTarget>,
  services: PipelineServices,
  work: (lease?: IdempotencyLease) => Promise<Created>,
): Promise<Created> {
  const { idempotencyKey } = request.target;
  if (idempotencyKey === undefined) return await work();
  const { idempotency } = services;
  const use = keyUseOf(request, idempotencyKey);
  const acquired = await request.stages.run('idempotency', () => idempotency.acquire(use));
  services.observeKey(acquired.state);
  switch (acquired.state) {
    case 'running':
      throw new GatewayError('idempotency-key-running', { headers: { 'Retry-After': '1' } });
    case 'another-request':
      throw new GatewayError('idempotency-key-reused');
    case 'answered':
      return { by: 'replay', answer: acquired.answer, creator: acquired.creator };
    default:
  }
  const earlier = acquired.state === 'acquired-indeterminate' ? acquired.requests : undefined;
  const lease = new IdempotencyLease(use, request, services, earlier);
  try {
    const created = await work(lease);
    await lease.complete(created);
    return created;
  } catch (error) {
    await lease.fail(error);
    throw error;
  }
}

function keyUseOf(
  { caller, target, gatewayRequestId }: Parsed<CreateTarget>,
  idempotencyKey: string,
): KeyUse {
  const { clusterId, vpcId, cidrBlock, accountId, region, isSecureConnection } = target.peering;
  return {
    key: hashOf([caller.issuer, caller.subject, clusterId, idempotencyKey]),
    fingerprint: hashOf([clusterId, vpcId, cidrBlock, accountId, region, isSecureConnection]),
    owner: gatewayRequestId,
  };
}

const hashOf = (values: readonly unknown[]): string => hash('sha256', JSON.stringify(values), 'hex');
