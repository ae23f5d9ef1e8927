// A record of a delete, or of a single peering, is of its kind whole: one that takes a part of another kind is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import { everyKind, isRecord, type KindRecord, kindsPolicy } from './every-kind.ts';

test('a record of a delete or of a single peering that mixes kinds is refused', async (t) => {
  const {
    created,
    list,
    denied,
    got,
    getUnknown,
    deleteIntent,
    deleted,
    deleteDenied,
    deleteUnknown,
    deleteLook,
  } = await everyKind(await startTestGateway(t, { policy: kindsPolicy }));
  const withData = (record: KindRecord, data: object) => ({
    ...record,
    api: { ...record.api, request: { ...record.api.request, data: { ...record.api.request.data, ...data } } },
  });
  const withUpstream = (record: KindRecord, upstream: object) => ({
    ...record,
    unmapped: { ...record.unmapped, upstream: { ...record.unmapped.upstream, ...upstream } },
  });
  const named = (record: KindRecord) =>
    record.resources.filter(({ type }) => type !== 'Aerospike Cloud VPC peering');
  const wrong: Record<string, object> = {
    'a delete that is a create': { ...deleted, metadata: created.metadata },
    'a create that is a delete': { ...created, metadata: deleted.metadata },
    'a delete that creates': { ...deleted, activity_id: 1, activity_name: 'Create', type_uid: 600301 },
    'a delete of a route without a peering': {
      ...deleted,
      http_request: { ...deleted.http_request, url: list.http_request.url },
    },
    'a delete by GET': { ...deleted, http_request: { ...deleted.http_request, http_method: 'GET' } },
    'a delete with the values of a create': {
      ...deleted,
      api: { ...deleted.api, request: created.api.request },
    },
    'an approved delete of a peering that lies nowhere': withData(deleteIntent, {
      accountId: undefined,
      region: undefined,
    }),
    'an account without a region': withData(deleteDenied, { region: undefined }),
    'an account of another form': withData(deleted, { accountId: 'words' }),
    'a delete that made something': withUpstream(deleted, { resourceId: 'x' }),
    'a delete whose peering is not among the resources': { ...deleted, resources: named(deleted) },
    'an intent to delete with an answer': { ...deleteIntent, http_response: { code: 204 } },
    'an intent to delete that the policy denies': {
      ...deleteIntent,
      unmapped: { ...deleteIntent.unmapped, decision: denied.unmapped.decision },
    },
    'a refused delete that was sent': withUpstream(deleteUnknown, { sent: 'yes' }),
    'a refused delete that was only looked at': { ...deleteDenied, action_id: 3, action: 'Observed' },
    'an unknown peering in what the policy denies': {
      ...deleteUnknown,
      unmapped: { ...deleteUnknown.unmapped, decision: deleteDenied.unmapped.decision },
    },
    'an unknown peering that nobody named': withData(getUnknown, { peeringId: undefined }),
    'an unknown peering of a create': { ...denied, status_code: 'peering-unknown' },
    'an unknown peering with an answer of the upstream': {
      ...withUpstream(deleteUnknown, { status: 200 }),
      api: { ...deleteUnknown.api, response: { code: 200 } },
    },
    'an unknown peering that came of it': { ...deleted, status_code: 'peering-unknown' },
    'a look that was refused with 500': {
      ...withUpstream(deleteLook, { status: 500 }),
      api: { ...deleteLook.api, response: { code: 500 } },
      http_response: { ...deleteLook.http_response, code: 500 },
    },
    'a single peering on a page': withData(got, { limit: 5 }),
    'a single peering that lies somewhere': withData(got, { accountId: '111122223333', region: 'us-east-1' }),
    'a single peering that is not among the resources': { ...got, resources: named(got) },
    'a list of one peering': withData(list, { peeringId: got.api.request.data.peeringId }),
    'a single peering by the name of the list': { ...got, api: { ...got.api, operation: 'getVPCPeerings' } },
    "a refusal of Aerospike Cloud's to a list before it was asked": {
      ...deleteLook,
      metadata: { ...deleteLook.metadata, event_code: 'peering.list.refused' },
    },
  };
  for (const [what, record] of Object.entries(wrong))
    assert.ok(!isRecord(JSON.parse(JSON.stringify(record))), what);
});
