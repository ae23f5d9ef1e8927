// Grants with `deleteOwn`: a caller deletes what it created itself, by issuer and subject, and nothing else.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { assertProblem, deletes, get, list, put, recorded, remove } from '../../support/call-peering.ts';
import {
  allowed,
  clusterId,
  guardrailsOnly,
  type Reply,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.ts';
import { startIssuer } from '../../support/issuer.ts';
import { warningsOf } from '../../support/policy.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const callers = 'callers: [{ claim: sub, equals: "svc-*" }]';
const policy = `${guardrailsOnly}
grants:
  - { id: readers, ${callers}, actions: [list] }
  - { id: own, ${callers}, actions: [create, deleteOwn] }
`;

function assertNotOwner(gateway: TestGateway, reply: Reply): void {
  assertProblem(reply, 403, 'auth:unauthorized');
  assert.deepEqual(
    reply.json.context.violations.map(({ code, field, rule }) => [code, field, rule]),
    [['not_owner', '', 'own']],
  );
  assert.equal(deletes(gateway).length, 0);
  const record = gateway.records.at(-1);
  assert.equal(record?.metadata.event_code, 'peering.delete.refused');
  assert.equal(record?.api.request.data.isOwn, false);
  assert.equal(record?.unmapped.decision.violations[0]?.code, 'not_owner');
}

for (const mode of ['enforce', 'report'])
  test(`the creator deletes its peering; the same name of another issuer, others, and a peering of unknown creator are refused, nothing is sent (${mode})`, async (t) => {
    const issuer = await startIssuer();
    const second = await startIssuer();
    t.after(() => Promise.all([issuer.close(), second.close()]));
    const gateway = await startTestGateway(t, {
      policy: `${policy}mode: ${mode}\n`,
      issuer,
      environment: { AUTH_ISSUERS: `${issuer.url},${second.url}` },
    });
    const { json } = await gateway.create(allowed);
    const unknown = put(gateway, 'active', { vpcId: 'vpc-00000001', cidrBlock: '10.20.8.0/22' });
    assertNotOwner(gateway, await remove(gateway, json.id, { claims: { sub: 'svc-other' } }));
    assertNotOwner(gateway, await remove(gateway, unknown));
    const foreign = await second.sign({ scope: 'delete:database' });
    const headers = { authorization: `Bearer ${foreign}` };
    assertNotOwner(gateway, await remove(gateway, json.id, { headers }));
    assert.equal((await remove(gateway, json.id)).status, 204);
    assert.equal(deletes(gateway).length, 1);
    assert.equal(gateway.records.at(-1)?.api.request.data.isOwn, true);
  });

test('a grant with delete needs no creator, beside one with deleteOwn or not', async (t) => {
  const both = policy.replace('actions: [list]', 'actions: [delete]');
  const gateway = await startTestGateway(t, { policy: both });
  const unknown = put(gateway);
  assert.equal((await remove(gateway, unknown)).status, 204);
  assert.equal(gateway.records.at(-1)?.api.request.data.isOwn, undefined);
});

test('a grant with deleteOwn covers no peering outside of it, were it the caller’s own', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  const { json } = await gateway.create(allowed);
  await writeFile(
    gateway.policyFile,
    policy.replace('[create, deleteOwn]', '[create, deleteOwn], regions: [eu-west-1]'),
  );
  await gateway.reloadPolicy();
  const reply = await remove(gateway, json.id);
  assert.deepEqual(
    reply.json.context.violations.map(({ code }: { code: string }) => code),
    ['region_not_allowed'],
  );
  assert.equal(deletes(gateway).length, 0);
});

test('a peering that a create of unknown outcome made is its caller’s own once reconciliation found it', async (t) => {
  const gateway = await startTestGateway(t, { policy });
  let id = '';
  gateway.cloud.setFault(({ method, path, body }) => {
    if (method !== 'POST' || !path.startsWith('/v1/')) return undefined;
    id = gateway.cloud.addPeering(clusterId, JSON.parse(body), 'active');
    return ({ socket }) => void socket.destroy();
  });
  assert.equal((await gateway.create(allowed)).status, 502);
  await until('the create is settled', () => recorded(gateway).includes('peering.create.reconciled 1'));
  gateway.cloud.setFault(undefined);
  await until('the creator is stored', async () => (await remove(gateway, id)).status === 204);
});

test('after a restart the creators are those of the audit log, and until it is read the answer is 503', async (t) => {
  const folder = temporaryFolder();
  const environment = { AUDIT_FILE: join(folder, 'audit.log'), RATE_LIMIT_PER_MINUTE: '0' };
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  const first = await startTestGateway(t, { policy, environment, issuer });
  const { json } = await first.create(allowed);
  await first.stop();
  // A rotated file that cannot be read.
  await writeFile(join(folder, 'audit.log.1.gz'), 'no gzip');
  const second = await startTestGateway(t, { policy, environment, issuer });
  list(second, [{ ...allowed, id: json.id, status: 'active' }]);
  await until('the log was not read', () =>
    second.output().includes('creators of peerings could not be read'),
  );
  const early = await remove(second, json.id);
  assertProblem(early, 503, 'system:unavailable', 'proxy_internal_error');
  assert.equal(early.json.code, 'fleet-unavailable');
  assert.equal(early.headers['retry-after'], '5');
  assert.equal(deletes(second).length, 0);
  await second.stop();
  await writeFile(join(folder, 'audit.log.1.gz'), gzipSync(''));
  const third = await startTestGateway(t, { policy, environment, issuer });
  list(third, [{ ...allowed, id: json.id, status: 'active' }]);
  await until('the log is read', async () => (await remove(third, json.id)).status !== 503);
  assert.equal(deletes(third).length, 1);
});

test('deleteOwn is told in the effective policy, authorizes no look, and is no action of an exception', async (t) => {
  const gateway = await startTestGateway(t, {
    policy: policy.replace('  - { id: readers', '  # - { id: readers'),
  });
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const effective = await gateway.call({ path: '/policy/effective', headers: { authorization } });
  assert.deepEqual(effective.json.grants[0]?.actions, ['create', 'deleteOwn']);
  assert.equal((await get(gateway, put(gateway))).status, 403);
  const exception = `${policy}exceptions:
  - { id: e, ${callers}, actions: [deleteOwn], allows: { regions: [eu-west-1] }, expires: 2027-01-31T00:00:00Z }
`;
  await writeFile(gateway.policyFile, exception);
  await gateway.reloadPolicy();
  assert.match(JSON.stringify(gateway.policyRecords[0]), /must be create, list, delete or inspect/);
});

test('deleteOwn without shared creators is a warning', () => {
  const warnings = (sharesState: boolean) => warningsOf(policy, {}, undefined, { sharesState });
  assert.deepEqual(warnings(true), []);
  assert.deepEqual(warnings(false), [
    'p:13:78: /grants/1/actions/1 knows only what this instance created, and what its AUDIT_FILE names: set REDIS_URL to share it',
  ]);
});
