// `openapi/audit-event.schema.json`: closed, explained member by member, and refusing every record that is not one of
// peergate's. That real records fit it is checked at the end of every test with a gateway.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { AuditChain } from '../../src/audit/chain.ts';
import { policyRejectedEvent } from '../../src/audit/own-events.ts';
import { errorRules } from '../../src/errors.ts';
import { assertAuditRecord, auditSchema } from '../support/audit-schema.ts';
import {
  allowed,
  guardrailsOnly,
  type Loose,
  peeringsPath,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.ts';

const schema: Loose = auditSchema;

/** The schemas that describe members; the conditions at the root only narrow them. */
function* described(part: Loose, path: string): Generator<[string, Loose]> {
  yield [path, part];
  const lists = [
    ...(part.oneOf ?? []).entries(),
    ...(part.items === undefined ? [] : [['items', part.items]]),
  ];
  for (const [name, member] of [...Object.entries(part.properties ?? {}), ...lists])
    yield* described(member, `${path}/${name}`);
}
const root = { ...schema, allOf: undefined };
const parts = [
  ...described(root, ''),
  ...Object.entries(schema.$defs).flatMap(([name, part]) => [...described(part, `#${name}`)]),
];

const policy = `${guardrailsOnly}
grants:
  - { id: payments, callers: [{ claim: sub, equals: svc-payments }], actions: [create, list] }
`;

/** One record of every kind. */
async function everyKind(gateway: TestGateway): Promise<Record<string, Loose>> {
  const sign = gateway.issuer.sign;
  await gateway.create();
  await gateway.create({ ...allowed, region: 'eu-north-1' });
  await gateway.create(allowed, { authorization: 'Bearer nothing' });
  const listed = { path: `${peeringsPath}?limit=3`, headers: { authorization: `Bearer ${await sign()}` } };
  await gateway.call(listed);
  const headers = { authorization: `Bearer ${await sign()}`, 'content-type': 'application/json' };
  for (const region of ['us-east-1', 'eu-north-1']) {
    const body = JSON.stringify({ ...allowed, region });
    await gateway.call({ method: 'POST', path: `${peeringsPath}?dryRun=true`, headers, body });
  }
  const stranger = `Bearer ${await sign({ sub: 'svc-stranger' })}`;
  await gateway.call({ headers: { authorization: stranger } });
  const [loaded = ''] = gateway.output().split('\n');
  const [intent, created, denied, unverified, list, dryRun, dryDenied, listDenied, ...more] = gateway.records;
  assert.deepEqual(more, []);
  return {
    ...{ loaded: JSON.parse(loaded), rejected: rejectedRecord() },
    ...{ intent, created, denied, unverified, list, dryRun, dryDenied, listDenied },
  };
}

/** As a reload makes it. */
function rejectedRecord(): Loose {
  const chain = new AuditChain({ version: '1.2.3', instance: 'one' }, randomUUID);
  const fault = { file: 'policy.yaml', line: 3, column: 1, member: '/grants', message: 'must not be empty' };
  const versions = { old: 'a'.repeat(64), new: 'b'.repeat(64) };
  return JSON.parse(chain.seal(policyRejectedEvent(versions, [fault], 'one', 5)));
}

/** JSON Pointers to every member, with what holds it. */
function* membersOf(value: Loose, path = ''): Generator<[string, Loose, string]> {
  if (typeof value !== 'object' || value === null) return;
  for (const name of Object.keys(value)) {
    yield [`${path}/${name}`, value, name];
    yield* membersOf(value[name], `${path}/${name}`);
  }
}

function isRecord(value: unknown): boolean {
  try {
    assertAuditRecord(value);
    return true;
  } catch {
    return false;
  }
}

test('every object of the schema is closed, and every member says what it is and where it comes from', () => {
  assert.ok(parts.length > 100);
  for (const [path, part] of parts) {
    // Claims have the names that the policy has for them; what their values may be is said all the same.
    if (path === '/unmapped/claims') assert.ok(!part.additionalProperties.type.includes('object'));
    else if (part.type === 'object') assert.equal(part.additionalProperties, false, path);
    if (part.$ref !== undefined || /\/(\d+|items)$/.test(path)) continue;
    assert.ok(part.title?.length > 1 && part.description?.length > 5, `${path} is not explained`);
  }
});

test('the reasons are the codes of errors.ts and those that stand for no error', () => {
  const { enum: reasons } = schema.properties.status_code;
  assert.deepEqual(reasons, [
    ...Object.keys(errorRules),
    ...['upstream-answered', 'dry-run', 'policy-loaded', 'policy-rejected'],
  ]);
});

test('a record with one more member anywhere is refused', async (t) => {
  const records = await everyKind(await startTestGateway(t, { policy }));
  for (const [kind, record] of Object.entries(records)) {
    assertAuditRecord(record);
    const objects = [
      ['', record],
      ...[...membersOf(record)].map(([path, holder, name]) => [path, holder[name]]),
    ];
    for (const [path, object] of objects) {
      if (typeof object !== 'object' || object === null || Array.isArray(object)) continue;
      // A claim can have any name, but not hold anything.
      object.secret = path === '/unmapped/claims' ? { token: 'eyJhbGciOi' } : 'eyJhbGciOi';
      assert.ok(!isRecord(record), `${kind} with one more member in ${path}`);
      delete object.secret;
    }
  }
});

test('a record that lacks a member is refused, unless the member depends on what was given', async (t) => {
  const records = await everyKind(await startTestGateway(t, { policy }));
  const dispensable: Record<string, string[]> = {};
  for (const [kind, record] of Object.entries(records)) {
    dispensable[kind] = [...membersOf(record)]
      .filter(([, holder, name]) => {
        if (Array.isArray(holder)) return false;
        const before = { ...holder };
        delete holder[name];
        const fits = isRecord(record);
        for (const member of Object.keys(before)) delete holder[member];
        Object.assign(holder, before);
        return fits;
      })
      .map(([path]) => path);
  }
  const client = '/actor/app_uid';
  const claims = '/unmapped/claims';
  assert.deepEqual(dispensable, {
    loaded: [],
    rejected: [],
    intent: [client, claims],
    created: [client, claims],
    denied: [client, claims],
    unverified: [],
    list: [client, '/api/request/data/limit', claims],
    dryRun: [client, claims],
    dryDenied: [client, claims],
    listDenied: [client, claims],
  });
});

test('a record that mixes kinds is refused', async (t) => {
  const { loaded, rejected, intent, created, denied, unverified, list, dryRun, dryDenied, listDenied } =
    await everyKind(await startTestGateway(t, { policy }));
  const { decision } = denied.unmapped;
  const wrong: Record<string, Loose> = {
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

test('an address is recorded in its one spelling, without the zone that means something to the ingress alone', async (t) => {
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: '127.0.0.1' } });
  const claimed = {
    [`fe80::1%${'z'.repeat(2000)}`]: 'fe80::1',
    '2001:0DB8:0:0:0:0:0:1': '2001:db8::1',
    '0000:0000:0000:0000:0000:ffff:198.51.100.107': '198.51.100.107',
    '198.51.100.7': '198.51.100.7',
  };
  for (const [address, recorded] of Object.entries(claimed)) {
    await gateway.create({}, { 'x-forwarded-for': address });
    assert.equal(gateway.records.at(-1).src_endpoint.ip, recorded);
  }
});
