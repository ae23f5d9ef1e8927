// Reads back the facts of a create or a delete from its record, so that a later look can settle it. A record that lacks one
// of them settles nothing.
import { z } from 'zod';
import { uuidPattern } from '../../net/aws.ts';
import { peeringValues } from '../../policy/language/peering-values.ts';
import type { RequestFacts } from '../../request/request.ts';
import type { FoundRecord } from './found-record.ts';

const recordedRequest = z.looseObject({
  start_time: z.int().min(0),
  actor: z.looseObject({
    user: z.looseObject({ uid: z.string().min(1) }),
    idp: z.looseObject({ name: z.string() }),
    session: z.looseObject({ credential_uid: z.string().optional() }).optional(),
    app_uid: z.string().optional(),
  }),
  api: z.looseObject({
    operation: z.string(),
    request: z.looseObject({
      uid: z.string().min(1),
      data: z.looseObject({ clusterId: z.string().regex(uuidPattern), ...peeringValues }),
    }),
  }),
  http_request: z.looseObject({
    http_method: z.enum(['POST', 'DELETE']),
    uid: z.string(),
    url: z.looseObject({ path: z.string() }),
  }),
  src_endpoint: z.looseObject({ ip: z.string() }),
});

/** `undefined` when the record is not that of a whole create. */
export function factsFromRecord(record: FoundRecord): RequestFacts | undefined {
  const read = recordedRequest.safeParse(record);
  if (!read.success || read.data.http_request.http_method !== 'POST') return undefined;
  const { start_time: startedAt, actor, api, http_request: http, src_endpoint: source } = read.data;
  const { clusterId, vpcId, cidrBlock, accountId, region, isSecureConnection } = api.request.data;
  return {
    startedAt,
    gatewayRequestId: api.request.uid,
    requestId: http.uid,
    clientAddress: source.ip,
    operation: { id: api.operation, method: 'POST', route: http.url.path, events: 'peering.create' },
    caller: {
      issuer: actor.idp.name,
      subject: actor.user.uid,
      clientId: actor.app_uid,
      tokenId: actor.session?.credential_uid,
    },
    target: { clusterId, peering: { clusterId, vpcId, cidrBlock, accountId, region, isSecureConnection } },
  };
}
