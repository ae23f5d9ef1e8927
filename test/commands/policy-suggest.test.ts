// `policy suggest` as the network team calls it: from a refusal in the log to YAML that the policy and its tests take.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import { allowed, guardrailsOnly, startTestGateway } from '../support/gateway.ts';
import { policyOf } from '../support/policy.ts';
import { folderWith, peergate, type Ran } from './policy-run.ts';

const policy = `${guardrailsOnly}contact: "#network-access"
grants:
  - { id: payments, callers: [{ claim: sub, equals: svc-payments }], actions: [create], cidrs: [10.20.0.0/16] }
`;

/** The refusal of a create by a real gateway, as it is recorded. */
async function refusalOf(t: TestContext, body: object, text = policy): Promise<string> {
  const lines: string[] = [];
  const gateway = await startTestGateway(t, {
    policy: text,
    sink: { write: async (line) => void lines.push(line) },
  });
  const reply = await gateway.create(body);
  assert.equal(reply.status, 403);
  const id = String(reply.headers['x-gateway-request-id']);
  return lines.filter((line) => line.includes(id)).join('');
}

async function suggestFor(record: string, text = policy): Promise<Ran & { path: (name: string) => string }> {
  const path = await folderWith({ 'policy.yaml': text, 'record.json': record });
  return { ...(await peergate(['policy', 'suggest', path('policy.yaml'), path('record.json')])), path };
}

for (const [what, change, text] of [
  [
    'of a caller with a grant',
    { cidrBlock: '10.30.0.0/22', region: 'eu-west-1', isSecureConnection: false },
    policy,
  ],
  ['of a caller without one', {}, policy.replace('equals: svc-payments', 'equals: svc-other')],
] as const)
  test(`the suggestion for a refused create ${what}, added to policy and tests, passes its own tests`, async (t) => {
    const { status, out, err, path } = await suggestFor(
      await refusalOf(t, { ...allowed, ...change }, text),
      text,
    );
    assert.deepEqual([status, err], [0, '']);
    assert.match(out, /Fill in the ticket/);
    const [rules, tests] = parseAllDocuments(out).map((document) => document.toJS());
    const [before] = parseAllDocuments(await readFile(path('policy.yaml'), 'utf8')).map((one) => one.toJS());
    const merged = { ...before, ...rules, grants: [...before.grants, ...(rules.grants ?? [])] };
    await writeFile(path('next.yaml'), stringify(merged));
    await writeFile(path('tests.yaml'), stringify(tests));
    const ran = await peergate(['policy', 'test', path('next.yaml'), path('tests.yaml')]);
    assert.equal(ran.status, 0, ran.out + ran.err);
    assert.match(ran.out, /3 passed, 0 failed/);
    assert.deepEqual(Object.keys(rules.exceptions[0].only).sort(), [
      'accounts',
      'cidrs',
      'clusters',
      'regions',
      'vpcs',
    ]);
  });

test('what no exception may allow, and what is no single refusal, is 1 with the reason', async (t) => {
  const forbidden = await refusalOf(t, { ...allowed, cidrBlock: '10.129.0.0/28' });
  const refused = await refusalOf(t, { ...allowed, cidrBlock: '10.30.0.0/22' });
  const cut = JSON.parse(refused);
  cut.metadata.is_truncated = true;
  const unscoped = { ...JSON.parse(refused), unmapped: { upstream: { sent: 'no' } } };
  for (const [record, reason] of [
    [forbidden, /Nothing can be suggested: the block.* no exception lifts forbiddenCidrs\.\n/],
    [JSON.stringify(cut), /claims are truncated in the record/],
    [JSON.stringify(unscoped), /not the record of a request that a policy decided/],
    [`${refused}${refused}`, /must hold one audit record; it holds 2/],
    ['', /it holds 0/],
  ] as const) {
    const { status, out, err } = await suggestFor(record);
    assert.deepEqual([status, out], [1, '']);
    assert.match(err, reason);
  }
  const allowing = policy.replace('10.20.0.0/16', '10.0.0.0/8');
  assert.match((await suggestFor(refused, allowing)).err, /the policy allows this request already/);
  const withoutGrants = guardrailsOnly.replace('regions:', 'regions: [eu-north-1] #');
  assert.equal((await suggestFor(refused, withoutGrants)).status, 0);
  policyOf(withoutGrants);
});
