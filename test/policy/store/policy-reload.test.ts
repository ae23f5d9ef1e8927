// The policy is taken up again when its files change, whole or not at all, and told with both versions.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { request } from 'undici';
import type { AuditRecord } from '../../support/audit-record.ts';
import {
  allowed,
  clusterId,
  guardrailsOnly,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.ts';
import { configMap, replaceFile, until } from '../../support/policy-files.ts';
import { versionOf } from '../../support/policy-version.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const elsewhere = guardrailsOnly.replace('us-east-1, ', '');
const withList = guardrailsOnly.replace('[10.0.0.0/8, 172.16.0.0/12]', '{ file: blocks.txt }');
const withBlocks = (policy: string, blocks: string) => versionOf(policy, { 'blocks.txt': blocks });

/** The next record of a policy, once it is there. */
const policyRecord = (gateway: TestGateway, index = 0): Promise<AuditRecord> =>
  until('a policy is recorded', () => gateway.policyRecords[index]);

async function isReady(gateway: TestGateway): Promise<boolean> {
  const { statusCode, body } = await request(`${gateway.adminUrl}/readyz`);
  await body.dump();
  return statusCode === 200;
}

function assertLoaded(record: AuditRecord, before: string, after: string): void {
  assert.equal(record.metadata.event_code, 'policy.loaded');
  assert.deepEqual(record.unmapped.policy, { old: before, new: after });
  assert.deepEqual([record.policy.uid, record.policy.is_applied], [after, true]);
  assert.equal(record.status_id, 1);
}

/** A tests file with one case. */
const testOf = (claims: object, values: object, expect: string): string => `tests:
  - name: our own block
    claims: ${JSON.stringify(claims)}
    request: ${JSON.stringify({ action: 'create', clusterId, ...values })}
    expect: ${expect}
`;

const ways = { 'rewritten in place': writeFile, 'replaced by a rename': replaceFile };

for (const [way, write] of Object.entries(ways)) {
  test(`a policy that is ${way} comes into force, and is recorded with both versions`, async (t) => {
    const gateway = await startTestGateway(t);
    assert.equal((await gateway.create()).status, 201);
    await write(gateway.policyFile, elsewhere);
    assertLoaded(await policyRecord(gateway), versionOf(guardrailsOnly), versionOf(elsewhere));
    const reply = await gateway.create();
    assert.equal(reply.status, 403);
    assert.equal(reply.json.context.policyVersion, versionOf(elsewhere));
    assert.equal(gateway.forwarded().length, 1);
    assert.equal(gateway.policyRecords.length, 1);
  });
}

test('a ConfigMap is followed through the swap of its symlink, policy and lists at once', async (t) => {
  const map = await configMap(temporaryFolder(), {
    'policy.yaml': withList,
    'blocks.txt': '10.0.0.0/8\n',
  });
  const gateway = await startTestGateway(t, { environment: { POLICY_FILE: map.path('policy.yaml') } });
  assert.equal((await gateway.create()).status, 201);
  const next = withList.replace('acme', 'acme-2');
  await map.swap({ 'policy.yaml': next, 'blocks.txt': '10.64.0.0/10\n' });
  const before = withBlocks(withList, '10.0.0.0/8\n');
  assertLoaded(await policyRecord(gateway), before, withBlocks(next, '10.64.0.0/10\n'));
  const reply = await gateway.create();
  assert.deepEqual([reply.status, reply.json.context.violations[0]?.code], [403, 'cidr_not_allowed']);
  await map.swap({ 'policy.yaml': withList, 'blocks.txt': '10.0.0.0/8\n' });
  assertLoaded(await policyRecord(gateway, 1), withBlocks(next, '10.64.0.0/10\n'), before);
  assert.equal((await gateway.create()).status, 201);
});

test('a list alone that changes makes another version, and a bad line in it is refused', async (t) => {
  const folder = temporaryFolder();
  const [policyFile, list] = [join(folder, 'policy.yaml'), join(folder, 'blocks.txt')];
  await writeFile(policyFile, withList);
  await writeFile(list, '10.0.0.0/8\n');
  const gateway = await startTestGateway(t, { environment: { POLICY_FILE: policyFile } });
  assert.equal((await gateway.create()).status, 201);
  await replaceFile(list, '10.64.0.0/10\n');
  assertLoaded(
    await policyRecord(gateway),
    withBlocks(withList, '10.0.0.0/8\n'),
    withBlocks(withList, '10.64.0.0/10\n'),
  );
  assert.equal((await gateway.create()).status, 403);

  await writeFile(list, '10.0.0.0/8\n10.0.0.1/8\n');
  const rejected = await policyRecord(gateway, 1);
  assert.equal(rejected.metadata.event_code, 'policy.rejected');
  assert.equal(rejected.unmapped.policy.faults[0].file, list);
  assert.equal(rejected.unmapped.policy.faults[0].line, 2);
  assert.equal((await gateway.create()).status, 403);
  await writeFile(list, '10.0.0.0/8\n');
  assertLoaded(
    await policyRecord(gateway, 2),
    withBlocks(withList, '10.64.0.0/10\n'),
    withBlocks(withList, '10.0.0.0/8\n'),
  );
  assert.equal((await gateway.create()).status, 201);
});

test('a network that moves from one list to the next by a line is another policy, and comes into force', async (t) => {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder, name);
  const text = `${withList.replace(/forbiddenCidrs: .*/, 'forbiddenCidrs: { file: forbidden.txt }')}`;
  await writeFile(path('policy.yaml'), text);
  await writeFile(path('blocks.txt'), '172.16.0.0/12\n10.0.0.0/8\n10.20.0.0/16\n');
  await writeFile(path('forbidden.txt'), '10.129.0.0/24\n');
  const gateway = await startTestGateway(t, { environment: { POLICY_FILE: path('policy.yaml') } });
  assert.equal((await gateway.create()).status, 201);
  // Nothing but the place of a line: both files one after the other have the same bytes as before.
  await replaceFile(path('forbidden.txt'), '10.20.0.0/16\n10.129.0.0/24\n');
  await replaceFile(path('blocks.txt'), '172.16.0.0/12\n10.0.0.0/8\n');
  await gateway.reloadPolicy();
  const reply = await gateway.create();
  assert.deepEqual([reply.status, reply.json?.context.violations[0]?.code], [403, 'cidr_forbidden']);
  assert.equal(gateway.forwarded().length, 1);
  const after = {
    'blocks.txt': '172.16.0.0/12\n10.0.0.0/8\n',
    'forbidden.txt': '10.20.0.0/16\n10.129.0.0/24\n',
  };
  assert.equal((await policyRecord(gateway)).unmapped.policy.new, versionOf(text, after));
});

test('a bad policy leaves the last good one in force and the gateway ready, and is recorded once', async (t) => {
  const gateway = await startTestGateway(t);
  assert.equal((await gateway.create()).status, 201);
  const bad = `${elsewhere}grants: []\nmode: dry\n`;
  await writeFile(gateway.policyFile, bad);
  const record = await policyRecord(gateway);
  assert.equal(record.metadata.event_code, 'policy.rejected');
  assert.deepEqual([record.status_id, record.action_id, record.policy.is_applied], [2, 2, false]);
  const { faults, ...versions } = record.unmapped.policy;
  assert.deepEqual(versions, { old: versionOf(guardrailsOnly), new: versionOf(bad), faultCount: 2 });
  assert.deepEqual(
    faults.map(({ file, line, column, member }) => [file, line, column, member]),
    [
      [gateway.policyFile, 10, 9, '/grants'],
      [gateway.policyFile, 11, 7, '/mode'],
    ],
  );
  assert.equal(await isReady(gateway), true);
  assert.equal((await gateway.create()).status, 201);
  const logged = gateway.logs.find(({ msg }) => msg === 'policy rejected');
  assert.deepEqual([logged?.level, logged?.count, logged?.faults.length], ['error', 2, 2]);
  await gateway.reloadPolicy();
  assert.equal(gateway.policyRecords.length, 1);
  await writeFile(gateway.policyFile, elsewhere);
  assertLoaded(await policyRecord(gateway, 1), versionOf(guardrailsOnly), versionOf(elsewhere));
  assert.equal((await gateway.create()).status, 403);
});

test('a new policy that names a list which is not there is reported once, and taken up when the list comes', async (t) => {
  const gateway = await startTestGateway(t);
  assert.equal((await gateway.create()).status, 201);
  await replaceFile(gateway.policyFile, withList);
  assert.equal((await policyRecord(gateway)).metadata.event_code, 'policy.rejected');
  await writeFile(join(dirname(gateway.policyFile), 'blocks.txt'), '10.64.0.0/10\n');
  assertLoaded(
    await policyRecord(gateway, 1),
    versionOf(guardrailsOnly),
    withBlocks(withList, '10.64.0.0/10\n'),
  );
  assert.deepEqual([(await gateway.create()).status, gateway.policyRecords.length], [403, 2]);
});

test('a policy file that is gone is refused, without a version, and the last good one stays', async (t) => {
  const gateway = await startTestGateway(t);
  await rm(gateway.policyFile);
  await gateway.reloadPolicy();
  const record = await policyRecord(gateway);
  assert.deepEqual([record.metadata.event_code, record.unmapped.policy.new], ['policy.rejected', undefined]);
  assert.match(record.unmapped.policy.faults[0].message, /ENOENT/);
  assert.equal((await gateway.create()).status, 201);
});

test('reading the policy again without a change is no news', async (t) => {
  const gateway = await startTestGateway(t);
  await writeFile(gateway.policyFile, guardrailsOnly);
  await gateway.reloadPolicy();
  assert.deepEqual(gateway.policyRecords, []);
  assert.equal((await gateway.create()).status, 201);
});

test('a grant is revoked at once, whatever became of an exception that has expired', async (t) => {
  const folder = temporaryFolder();
  const [policyFile, testsFile] = [join(folder, 'policy.yaml'), join(folder, 'tests.yaml')];
  const exceptions = `exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: svc-legacy }]
    allows: { cidrs: { file: office.txt }, regions: [us-west-1] }
    expires: 2020-01-01T00:00:00Z
`;
  const grants = (...subjects: string[]) =>
    `grants:\n${subjects.map((sub) => `  - { id: ${sub}, callers: [{ claim: sub, equals: ${sub} }], actions: [create] }\n`).join('')}`;
  await writeFile(policyFile, `${guardrailsOnly}${grants('svc-legacy', 'svc-payments')}${exceptions}`);
  // The list of the exception is gone with its reason; the test that leans on it has no time of its own.
  await writeFile(testsFile, testOf({ sub: 'svc-legacy' }, { ...allowed, region: 'us-west-1' }, 'allow'));
  const environment = { POLICY_FILE: policyFile, POLICY_TESTS_FILE: testsFile };
  const gateway = await startTestGateway(t, { environment });
  assert.equal((await gateway.create()).status, 201);
  await writeFile(policyFile, `${guardrailsOnly}${grants('svc-legacy')}${exceptions}`);
  await gateway.reloadPolicy();
  const reply = await gateway.create();
  assert.deepEqual([reply.status, reply.json?.context.violations[0]?.code], [403, 'no_grant']);
  assert.equal(gateway.forwarded().length, 1);
  assert.equal((await policyRecord(gateway)).metadata.event_code, 'policy.loaded');
  const warnings = gateway.logs.flatMap(({ level, warning }) => (level === 'warn' ? (warning ?? []) : []));
  for (const what of [/expires is in the past/, /cannot be read/, /needs an exception that has expired/])
    assert.ok(
      warnings.some((warning: string) => what.test(warning)),
      String(what),
    );
});

test('a policy whose tests fail is not loaded, and is once they pass', async (t) => {
  const folder = temporaryFolder();
  const testsFile = join(folder, 'tests.yaml');
  const cases = (expect: string) => testOf({}, allowed, expect);
  await writeFile(testsFile, cases('allow'));
  const gateway = await startTestGateway(t, { environment: { POLICY_TESTS_FILE: testsFile } });
  await writeFile(gateway.policyFile, elsewhere);
  await gateway.reloadPolicy();
  const record = await policyRecord(gateway);
  assert.equal(record.metadata.event_code, 'policy.rejected');
  const [fault] = record.unmapped.policy.faults;
  assert.deepEqual([fault.file, fault.line, fault.column], [testsFile, 2, 5]);
  assert.match(fault.message, /"our own block" expects allow, the policy says deny with region_not_allowed/);
  assert.deepEqual([(await gateway.create()).status, await isReady(gateway)], [201, true]);
  await replaceFile(testsFile, cases('deny'));
  assertLoaded(await policyRecord(gateway, 1), versionOf(guardrailsOnly), versionOf(elsewhere));
  assert.equal((await gateway.create()).status, 403);
});
