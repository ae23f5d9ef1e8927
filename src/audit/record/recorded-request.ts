// Reads back the facts of a create or a delete from its record, so that reconciliation can settle it. A record that lacks
// one of them settles nothing.
import { z } from 'zod';
import { uuidPattern } from '../../net/aws.ts';
import { latestTime } from '../../net/latest-time.ts';
import { peeringValues } from '../../policy/language/peering-values.ts';
import type { RequestFacts, RequestTarget } from '../../request/request.ts';
import type { FoundRecord } from './found-record.ts';

const { accountId, region, vpcId } = peeringValues;
const inCluster = { clusterId: z.string().regex(uuidPattern) };
const createTarget = z
  .looseObject({ ...inCluster, ...peeringValues })
  .transform(({ clusterId, vpcId, cidrBlock, accountId, region, isSecureConnection }): RequestTarget => {
    const peering = { clusterId, vpcId, cidrBlock, accountId, region, isSecureConnection };
    return { clusterId, peering };
  });
const deleteTarget = z
  .looseObject({
    ...inCluster,
    ...{ accountId, region },
    peeringId: z.string().regex(uuidPattern),
    vpcId: vpcId.optional(),
    // As Aerospike Cloud listed it; nothing is decided by it.
    cidrBlock: z
      .string()
      .regex(/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/)
      .optional(),
  })
  .transform(({ clusterId, peeringId, vpcId, cidrBlock, accountId, region }): RequestTarget => {
    const existing = { vpcId, cidrBlock, accountId, region };
    return { clusterId, peeringId, existing };
  });

const recordOf = <Method extends 'POST' | 'DELETE'>(method: Method, target: z.ZodType<RequestTarget>) =>
  z.looseObject({
    start_time: z.int().min(0).max(latestTime),
    actor: z.looseObject({
      user: z.looseObject({ uid: z.string().min(1) }),
      idp: z.looseObject({ name: z.string() }),
      session: z.looseObject({ credential_uid: z.string().optional() }).optional(),
      app_uid: z.string().optional(),
    }),
    api: z.looseObject({
      operation: z.string(),
      request: z.looseObject({ uid: z.string().min(1), data: target }),
    }),
    http_request: z.looseObject({
      http_method: z.literal(method),
      uid: z.string(),
      url: z.looseObject({ path: z.string() }),
    }),
    src_endpoint: z.looseObject({ ip: z.string() }),
  });
const change = z.union([recordOf('POST', createTarget), recordOf('DELETE', deleteTarget)]);

/** `undefined` when the record is not that of a whole create or delete. */
export function factsFromRecord(record: FoundRecord): RequestFacts | undefined {
  const read = change.safeParse(record);
  if (!read.success) return undefined;
  const { start_time: startedAt, actor, api, http_request: http, src_endpoint: source } = read.data;
  const method = http.http_method;
  return {
    startedAt,
    gatewayRequestId: api.request.uid,
    requestId: http.uid,
    clientAddress: source.ip,
    operation: {
      id: api.operation,
      method,
      route: http.url.path,
      events: method === 'POST' ? 'peering.create' : 'peering.delete',
    },
    caller: {
      issuer: actor.idp.name,
      subject: actor.user.uid,
      clientId: actor.app_uid,
      tokenId: actor.session?.credential_uid,
    },
    target: api.request.data,
  };
}
