// What the policy says to creates and lists against `openapi/gateway.yaml`: dry runs, every violation, and report mode.
// None of it comes near Aerospike Cloud unless the create is a real one and nothing speaks against it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  allowed,
  guardrailsOnly,
  type Loose,
  peeringsPath,
  type Reply,
  startTestGateway,
  type TestGateway,
} from '../support/gateway.ts';
import { assertDocumented, contract, operation } from './assert-documented.ts';

const create = operation('createVPCPeerings');
const list = operation('getVPCPeerings');
const { schemas } = contract.root.components;

const policy = `${guardrailsOnly}
grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create, list]
    cidrs: [10.20.0.0/16]
  - { id: auditors, callers: [{ claim: sub, equals: svc-audit }], actions: [list] }
  - id: one-cluster
    callers: [{ claim: sub, equals: svc-narrow }]
    actions: [create, list]
    clusters: ["00000000-0000-4000-8000-000000000000"]
exceptions:
  - id: CHG-4711
    callers: [{ claim: sub, equals: svc-payments }]
    allows: { cidrs: [198.51.100.0/24] }
    expires: 2126-01-31T00:00:00Z
    ticket: CHG-4711
`;
const reporting = `${policy}mode: report\n`;
const everythingWrong = {
  ...allowed,
  accountId: '000000000000',
  region: 'us-gov-west-1',
  cidrBlock: '0.0.0.0/0',
  isSecureConnection: false,
};

interface Asked {
  readonly as?: string;
  readonly query?: string;
  readonly headers?: Record<string, string>;
}

async function post(gateway: TestGateway, body: unknown, asked: Asked = {}): Promise<Reply> {
  const { as: sub = 'svc-payments', query = '', headers = {} } = asked;
  const reply = await gateway.call({
    method: 'POST',
    path: `${peeringsPath}${query}`,
    headers: {
      authorization: `Bearer ${await gateway.issuer.sign({ sub })}`,
      'content-type': 'application/json',
      ...headers,
    },
    body: JSON.stringify(body),
  });
  assertDocumented(create, reply);
  return reply;
}

async function getList(gateway: TestGateway, sub: string): Promise<Reply> {
  const reply = await gateway.call({
    headers: { authorization: `Bearer ${await gateway.issuer.sign({ sub })}` },
  });
  assertDocumented(list, reply);
  return reply;
}

const recorded = ({ records }: TestGateway) =>
  records.map(({ metadata, status_code, action_id }) => [metadata.event_code, status_code, action_id]);

function assertNothingSent({ forwarded }: TestGateway): void {
  assert.deepEqual(forwarded(), []);
}

test('a dry run of an allowed create is answered by the gateway with the documented decision', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const body = { ...allowed, cidrBlock: '198.51.100.0/24' };
  const reply = await post(gateway, body, { query: '?dryRun=true' });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['proxy-status'], 'peergate');
  const { policyVersion, ...decision } = reply.json;
  const { policyVersion: _, ...documented } = contract.root.components.examples['dry-run-allowed'].value;
  assert.deepEqual(decision, documented);
  assertNothingSent(gateway);
  assert.deepEqual(recorded(gateway), [['peering.create.dryrun', 'dry-run', 1]]);
  assert.equal(gateway.records[0]?.unmapped.decision.policyVersion, policyVersion);
});

test('a dry run of a create that would be refused is refused as the create is, and recorded as observed', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const ways: readonly (readonly [number, string, unknown])[] = [
    [403, 'policy-denied', everythingWrong],
    [400, 'request-invalid', {}],
  ];
  const occurrence = ({ instance: _, ...problem }: Loose) => problem;
  for (const [status, code, body] of ways) {
    const dry = await post(gateway, body, { query: '?dryRun=true' });
    const real = await post(gateway, body, { query: '?dryRun=false' });
    assert.equal(dry.status, status);
    const proxyStatus = `peergate; error=http_request_denied; details="${code}"`;
    assert.equal(dry.headers['proxy-status'], proxyStatus);
    assert.deepEqual([dry.status, occurrence(dry.json)], [real.status, occurrence(real.json)]);
  }
  assertNothingSent(gateway);
  assert.deepEqual(recorded(gateway), [
    ['peering.create.refused', 'policy-denied', 3],
    ['peering.create.refused', 'policy-denied', 2],
    ['peering.create.refused', 'request-invalid', 3],
    ['peering.create.refused', 'request-invalid', 2],
  ]);
});

test('a dry run takes no notice of an Idempotency-Key', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  for (const key of ['order-17', 'order-17', 'none at all', ''.padEnd(300, 'x')]) {
    const headers = { 'idempotency-key': key };
    const reply = await post(gateway, allowed, { headers, query: '?dryRun=true' });
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['idempotency-replayed'], undefined);
    assert.deepEqual(recorded(gateway).at(-1), ['peering.create.dryrun', 'dry-run', 1]);
  }
  assertNothingSent(gateway);
});

test('a dry run that cannot be recorded is not answered', async (t) => {
  const sink = { write: () => Promise.reject(new Error('the disk is full')) };
  const gateway = await startTestGateway(t, { policy, sink });
  const reply = await post(gateway, allowed, { query: '?dryRun=true' });
  assert.equal(reply.status, 503);
  assert.equal(reply.json.type, 'urn:aerospike:errors:system:unavailable');
  assert.equal(reply.json.decision, undefined);
  assertNothingSent(gateway);
  assert.deepEqual(gateway.records, []);
});

test('the answer to a create has every kind of violation that the document has, and so has that to a list', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const replies = [
    await post(gateway, everythingWrong),
    await post(gateway, allowed, { as: 'svc-narrow' }),
    await post(gateway, allowed, { as: 'svc-audit' }),
    await post(gateway, allowed, { as: 'svc-stranger' }),
    await getList(gateway, 'svc-narrow'),
    await getList(gateway, 'svc-stranger'),
  ];
  const found = replies.map(({ status, json }) => {
    assert.equal(status, 403);
    contract.assertValid(schemas.PolicyRefusal, json.context, 'a refusal');
    return json.context.violations.map(({ code }: Loose) => code);
  });
  // `delete-own.test.ts` and `vpc-registry.test.ts` provoke these.
  const others = ['not_owner', 'vpc_unknown', 'vpc_mismatch'];
  const told = [...new Set([...found.flat(), ...others])];
  assert.deepEqual(told.toSorted(), schemas.Violation.properties.code.enum.toSorted());
  assert.deepEqual(found.slice(1), [
    ['cluster_not_allowed'],
    ['action_not_allowed'],
    ['no_grant'],
    ['cluster_not_allowed'],
    ['no_grant'],
  ]);
  assertNothingSent(gateway);
  assert.deepEqual(
    recorded(gateway),
    replies.map((_, at) => [`peering.${at < 4 ? 'create' : 'list'}.refused`, 'policy-denied', 2]),
  );
});

test('the answer to a wrong prefix length names the nearest block that is allowed, and no other', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const nearest = async (cidrBlock: string) => {
    const { json } = await post(gateway, { ...allowed, cidrBlock });
    return json.context.violations.find(({ code }) => code === 'prefix_length')?.allowed;
  };
  assert.deepEqual(await nearest('10.20.4.8/29'), { min: 16, max: 28, nearest: '10.20.4.0/28' });
  assert.deepEqual(await nearest('10.99.4.8/29'), { min: 16, max: 28 });
  assertNothingSent(gateway);
  assert.deepEqual(recorded(gateway), [
    ['peering.create.refused', 'policy-denied', 2],
    ['peering.create.refused', 'policy-denied', 2],
  ]);
});

test('in report mode a create against the policy is forwarded, and its dry run names the violations', async (t) => {
  const gateway = await startTestGateway(t, { policy: reporting });
  const body = { ...allowed, cidrBlock: '10.20.4.0/29' };
  const dry = await post(gateway, body, { as: 'svc-audit', query: '?dryRun=true' });
  assert.equal(dry.status, 200);
  const { policyVersion, decision: effect, grant, ...said } = dry.json;
  assert.equal(grant, null);
  const documented = contract.root.components.examples['dry-run-reported'].value;
  assert.deepEqual({ ...dry.json, policyVersion: documented.policyVersion }, documented);
  assertNothingSent(gateway);
  const real = await post(gateway, body, { as: 'svc-audit' });
  assert.equal(real.status, 201);
  assert.equal(gateway.forwarded().length, 1);
  assert.deepEqual(recorded(gateway), [
    ['peering.create.dryrun', 'dry-run', 1],
    ['peering.create.intent', undefined, 1],
    ['peering.create.outcome', 'upstream-answered', 1],
  ]);
  // A record has no member for what there is none of.
  for (const { unmapped } of gateway.records)
    assert.deepEqual(unmapped.decision, { effect, policyVersion, ...said });
});
