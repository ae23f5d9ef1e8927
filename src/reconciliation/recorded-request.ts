// Reads back the facts of a create or a delete from its record, so that reconciliation can settle it. A record that lacks
// one of them settles nothing.
import { z } from 'zod';
import type { FoundRecord } from '../audit/record/found-record.ts';
import { cidrBlockPattern, uuidPattern } from '../net/aws.ts';
import { latestTime } from '../net/latest-time.ts';
import { peeringValues } from '../policy/language/peering-values.ts';
import type { RequestFacts, RequestTarget } from '../request/request.ts';

const { accountId, region, vpcId } = peeringValues;
const inCluster = { clusterId: z.string().regex(uuidPattern) };
const createTarget = z
  .object({ ...inCluster, ...peeringValues })
  .transform(
    ({ clusterId, ...peering }): RequestTarget => ({ clusterId, peering: { clusterId, ...peering } }),
  );
const deleteTarget = z
  .object({
    ...inCluster,
    ...{ accountId, region },
    peeringId: z.string().regex(uuidPattern),
    vpcId: vpcId.optional(),
    cidrBlock: z.string().regex(cidrBlockPattern).optional(),
  })
  .transform(({ clusterId, peeringId, ...existing }): RequestTarget => ({ clusterId, peeringId, existing }));

const recordOf = <Method extends 'POST' | 'DELETE'>(method: Method, target: z.ZodType<RequestTarget>) =>
  z.object({
    start_time: z.int().min(0).max(latestTime),
    actor: z.object({
      user: z.object({ uid: z.string().min(1) }),
      idp: z.object({ name: z.string() }),
      session: z.object({ credential_uid: z.string().optional() }).optional(),
      app_uid: z.string().optional(),
    }),
    api: z.object({
      operation: z.string(),
      request: z.object({ uid: z.string().min(1), data: target }),
    }),
    http_request: z.object({
      http_method: z.literal(method),
      uid: z.string(),
      url: z.object({ path: z.string() }),
    }),
    src_endpoint: z.object({ ip: z.string() }),
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
      eventPrefix: method === 'POST' ? 'peering.create' : 'peering.delete',
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
