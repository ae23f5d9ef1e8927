// A record is of one kind whole: one that takes a part of another kind is refused, since a reader would not know what to
// make of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import { everyKind, isRecord, type KindRecord, kindsPolicy } from './every-kind.ts';

test('a record that mixes kinds is refused', async (t) => {
  const { loaded, rejected, intent, created, denied, unverified, list, dryRun, dryDenied, listDenied } =
    await everyKind(await startTestGateway(t, { policy: kindsPolicy }));
  const { decision } = denied.unmapped;
  const wrong: Record<string, object> = {
    'an intent that is said to be done': { ...intent, status_id: 1, status: 'Success' },
    'an intent whose word and number differ': { ...intent, status: 'Success' },
    'an intent without a caller': { ...intent, actor: unverified.actor },
    'an intent that the policy denies': {
      ...intent,
      unmapped: { ...intent.unmapped, decision: denied.unmapped.decision },
    },
    'an intent with an answer': { ...intent, http_response: created.http_response },
    'a refusal that was sent': {
      ...denied,
      unmapped: { ...denied.unmapped, upstream: { sent: 'maybe' } },
    },
    'a refusal that let the request pass': { ...denied, action_id: 1, action: 'Allowed' },
    'a refusal by a policy that allows': {
      ...denied,
      unmapped: { ...denied.unmapped, decision: intent.unmapped.decision },
    },
    'a list with the values of a create': { ...list, api: { ...list.api, request: intent.api.request } },
    'a list with a create': { ...list, activity_id: 1, activity_name: 'Create', type_uid: 600301 },
    'an answer that nobody gave': {
      ...created,
      api: { ...created.api, response: undefined },
      unmapped: { ...created.unmapped, upstream: { sent: 'yes' } },
    },
    'a dry run that was sent': { ...dryRun, unmapped: { ...dryRun.unmapped, upstream: { sent: 'yes' } } },
    'a dry run that failed': { ...dryRun, http_response: { code: 403 } },
    'a dry run that the policy denies': { ...dryRun, unmapped: { ...dryRun.unmapped, decision } },
    'a dry run that is a list': { ...dryRun, api: list.api },
    'a refused dry run that is said to have passed': {
      ...dryDenied,
      disposition_id: 1,
      disposition: 'Allowed',
    },
    'a list that was only looked at': { ...listDenied, action_id: 3, action: 'Observed' },
    'an intent against a policy that is enforced': {
      ...intent,
      unmapped: {
        ...intent.unmapped,
        decision: { ...decision, effect: 'allow' },
      },
    },
    'a denial without a reason': {
      ...denied,
      unmapped: { ...denied.unmapped, decision: { ...decision, violations: [] } },
    },
    'claims without a decision': {
      ...unverified,
      unmapped: { ...unverified.unmapped, claims: { sub: 'x' } },
    },
    'a claim with something in it': { ...intent, unmapped: { ...intent.unmapped, claims: { a: { b: 1 } } } },
    'a rejected policy that is applied': { ...rejected, policy: { ...rejected.policy, is_applied: true } },
    'a rejected policy without its faults': { ...rejected, unmapped: loaded.unmapped },
    'a loaded policy with faults': { ...loaded, unmapped: rejected.unmapped },
    'a decision by a policy that was not applied': {
      ...denied,
      policy: { ...denied.policy, is_applied: false },
    },
    'a policy with a caller': { ...loaded, actor: intent.actor },
    'a create as a policy': { ...created, metadata: loaded.metadata },
  };
  for (const [what, record] of Object.entries(wrong)) assert.ok(!isRecord(record), what);
});

test('a record of a settled create or of the log itself that mixes kinds is refused', async (t) => {
  const {
    intent,
    created,
    denied,
    unverified,
    reconciled,
    absent,
    ambiguous,
    recovered,
    checkpoint,
    loaded,
  } = await everyKind(await startTestGateway(t, { policy: kindsPolicy }));
  const { integrity } = absent.unmapped;
  const wrong: Record<string, object> = {
    'a peering that was found and is not done': { ...reconciled, status_id: 2, status: 'Failure' },
    'a peering that was found, called absent': { ...reconciled, status_code: 'peering-absent' },
    'a peering that was found and is no resource': { ...reconciled, resources: absent.resources },
    'a peering that was found, without its id': {
      ...reconciled,
      unmapped: { integrity, reconciled: { found: true } },
      resources: absent.resources,
    },
    'an absent peering that was made': { ...absent, status_id: 1, status: 'Success' },
    'an absent peering, called found': { ...absent, status_code: 'peering-found' },
    'an absent peering among the resources': { ...absent, resources: reconciled.resources },
    'an absent peering with an id': {
      ...absent,
      unmapped: { integrity, reconciled: { ...reconciled.unmapped.reconciled, found: false } },
      resources: reconciled.resources,
    },
    'a settlement that settles nothing': { ...absent, status_id: 0, status: 'Unknown' },
    'an ambiguous settlement that was made': { ...ambiguous, status_id: 1, status: 'Success' },
    'an ambiguous settlement that failed': { ...ambiguous, status_id: 2, status: 'Failure' },
    'an ambiguous settlement, called absent': { ...ambiguous, status_code: 'peering-absent' },
    'an ambiguous settlement with one of its peerings as the resource': {
      ...ambiguous,
      resources: reconciled.resources,
    },
    'an ambiguous settlement that was found': {
      ...ambiguous,
      unmapped: { integrity, reconciled: { ...ambiguous.unmapped.reconciled, found: true } },
    },
    'a settlement with a decision': {
      ...absent,
      unmapped: { ...absent.unmapped, decision: intent.unmapped.decision },
    },
    'a settlement with an answer to a caller': { ...absent, http_response: { code: 201 } },
    'a settlement that says how far the request came': {
      ...absent,
      unmapped: { ...absent.unmapped, upstream: { sent: 'maybe' } },
    },
    'a settlement of a list': { ...absent, api: { ...absent.api, operation: 'getVPCPeerings' } },
    'a settlement against the policy': { ...reconciled, authorizations: denied.authorizations },
    'a settlement with the policy of its intent': { ...absent, policy: denied.policy },
    'a settlement of a create that changed something else': {
      ...absent,
      activity_id: 3,
      activity_name: 'Update',
      type_uid: 600303,
    },
    'a settlement that warns': { ...absent, severity_id: 3, severity: 'Medium' },
    "a settlement with the upstream's answer": { ...absent, api: created.api },
    'a settlement without values': {
      ...absent,
      api: { ...absent.api, request: { uid: absent.api.request.uid } },
    },
    'a settlement without a VPC': { ...absent, resources: absent.resources.slice(0, 1) },
    'a settlement of nobody': {
      ...absent,
      actor: unverified.actor,
      api: { ...absent.api, token: undefined },
    },
    'a settlement that the gateway refused': {
      ...absent,
      ...{ action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' },
    },
    'a settlement with claims': { ...absent, unmapped: { ...absent.unmapped, claims: { sub: 'x' } } },
    'a settlement of nothing': { ...absent, unmapped: { integrity } },
    'a settlement without a reason': { ...absent, status_code: 'upstream-answered' },
    'an outcome as a settlement': { ...created, metadata: absent.metadata },
    'an outcome with a settlement in it': {
      ...created,
      unmapped: { ...created.unmapped, reconciled: { found: false } },
    },
    'a refusal with a signature in it': {
      ...denied,
      unmapped: { ...denied.unmapped, checkpoint: checkpoint.unmapped.checkpoint },
    },
    'a policy with something set aside': {
      ...loaded,
      unmapped: { ...loaded.unmapped, recovered: recovered.unmapped.recovered },
    },
    'something set aside as a checkpoint': { ...recovered, metadata: checkpoint.metadata },
    'a checkpoint as something set aside': { ...checkpoint, unmapped: recovered.unmapped },
    'both at once': { ...checkpoint, unmapped: { ...checkpoint.unmapped, ...recovered.unmapped } },
    'a torn line that is no warning': { ...recovered, severity_id: 1, severity: 'Informational' },
    'a torn line that is a beginning': {
      ...recovered,
      activity_id: 1,
      activity_name: 'Create',
      type_uid: 600301,
    },
    'a torn line for another reason': { ...recovered, status_code: 'chain-signed' },
    'a torn line with nothing set aside': { ...recovered, unmapped: { integrity } },
    'a checkpoint that changes something': {
      ...checkpoint,
      activity_id: 3,
      activity_name: 'Update',
      type_uid: 600303,
    },
    'a checkpoint that warns': { ...checkpoint, severity_id: 3, severity: 'Medium' },
    'a checkpoint for another reason': { ...checkpoint, status_code: 'torn-line-set-aside' },
    'a checkpoint without a signature': { ...checkpoint, unmapped: { integrity } },
    'a checkpoint of another operation': {
      ...checkpoint,
      api: { ...checkpoint.api, operation: 'policy.load' },
    },
    'a checkpoint by Aerospike Cloud': {
      ...checkpoint,
      api: { ...checkpoint.api, service: { name: 'Aerospike Cloud' } },
    },
    'a checkpoint with a request': { ...checkpoint, api: { ...checkpoint.api, request: intent.api.request } },
    'a checkpoint that was refused': {
      ...checkpoint,
      ...{ action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' },
    },
    'a checkpoint with a verdict': { ...checkpoint, authorizations: intent.authorizations },
    'a checkpoint over HTTP': { ...checkpoint, http_request: intent.http_request },
    'a checkpoint with an answer': { ...checkpoint, http_response: { code: 201 } },
    'a checkpoint with a decision': {
      ...checkpoint,
      unmapped: { ...checkpoint.unmapped, decision: intent.unmapped.decision },
    },
    'a checkpoint with policy versions': {
      ...checkpoint,
      unmapped: { ...checkpoint.unmapped, policy: loaded.unmapped.policy },
    },
    'a checkpoint with claims': { ...checkpoint, unmapped: { ...checkpoint.unmapped, claims: { sub: 'x' } } },
    'a checkpoint that was sent': {
      ...checkpoint,
      unmapped: { ...checkpoint.unmapped, upstream: { sent: 'no' } },
    },
    'a checkpoint of somebody': { ...checkpoint, actor: unverified.actor },
    'a checkpoint from an address': { ...checkpoint, src_endpoint: intent.src_endpoint },
    'a checkpoint by a policy': { ...checkpoint, policy: loaded.policy },
    'a checkpoint about a request': { ...checkpoint, resources: intent.resources },
    'a checkpoint that failed': { ...checkpoint, status_id: 2, status: 'Failure' },
  };
  for (const [what, record] of Object.entries(wrong)) assert.ok(!isRecord(record), what);
});

test('what a record of the log itself holds has one form', async (t) => {
  const { reconciled, absent, recovered, checkpoint } = await everyKind(
    await startTestGateway(t, { policy: kindsPolicy }),
  );
  const [header, payload, signature] = checkpoint.unmapped.checkpoint.split('.');
  const torn = recovered.unmapped.recovered;
  const wrong: (readonly [KindRecord, object])[] = [
    [checkpoint, { checkpoint: `${header}.${payload}` }],
    [checkpoint, { checkpoint: `${header}..${signature}` }],
    [checkpoint, { checkpoint: `${header}.${payload}.${signature}.${signature}` }],
    [checkpoint, { checkpoint: `${header}.${payload}.${signature}=` }],
    [checkpoint, { checkpoint: { header, payload, signature } }],
    [recovered, { recovered: { ...torn, file: `other/${torn.file}` } }],
    [recovered, { recovered: { ...torn, file: 'audit.log' } }],
    [recovered, { recovered: { ...torn, bytes: 0 } }],
    [recovered, { recovered: { ...torn, sha256: torn.sha256.toUpperCase() } }],
    [reconciled, { reconciled: { ...reconciled.unmapped.reconciled, resourceId: '../x' } }],
    [reconciled, { reconciled: { ...reconciled.unmapped.reconciled, peeringStatus: 'x'.repeat(65) } }],
    [reconciled, { reconciled: { ...reconciled.unmapped.reconciled, peeringStatus: 'Bearer x' } }],
    [reconciled, { reconciled: { ...reconciled.unmapped.reconciled, peeringStatus: 5 } }],
    [reconciled, { reconciled: { ...reconciled.unmapped.reconciled, resourceId: 5 } }],
    [absent, { reconciled: { found: 'no' } }],
    [absent, { reconciled: 'no' }],
    [absent, { reconciled: { found: false, peeringStatus: 'active' } }],
    [recovered, { recovered: torn.file }],
    [recovered, { recovered: { ...torn, file: 5 } }],
    [recovered, { recovered: { ...torn, bytes: '17' } }],
    [recovered, { recovered: { ...torn, sha256: 5 } }],
  ];
  for (const [record, part] of wrong) {
    assert.ok(isRecord(record));
    const { integrity } = record.unmapped;
    assert.ok(!isRecord({ ...record, unmapped: { ...part, integrity } }), JSON.stringify(part));
  }
});
