// A gateway process that is killed while a delete is on its way leaves an intent without an outcome. The next process on the
// same file settles it by Aerospike Cloud's list, and deletes nothing again.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyLogs } from '../../src/audit/verify/verify-logs.ts';
import { assertAuditRecord } from '../support/audit-schema.ts';
import { allowed, clusterId, send } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { checkLeftLog, recordsOf } from './kill-log.ts';
import { serve, surround } from './process.ts';

test('a delete whose process is killed between intent and outcome is settled after the restart, and not sent again', async (t) => {
  const around = await surround(t);
  const { cloud, issuer } = around;
  const auditFile = join(around.folder, 'audit.log');
  const openIntents = async () => (await verifyLogs([auditFile], { onRead: () => undefined })).openIntents;
  const id = cloud.addPeering(clusterId, allowed, 'active');
  const killed = await serve(t, around, 'audit.log');
  const arrived = new Promise<void>((resolve) => {
    cloud.setFault(({ method }) => (method === 'DELETE' ? () => resolve() : undefined));
  });
  const authorization = `Bearer ${await issuer.sign({ scope: 'delete:database' })}`;
  const path = `/database/clusters/${clusterId}/vpc-peerings/${id}`;
  const answered = send(`http://127.0.0.1:${killed.port}`, {
    method: 'DELETE',
    path,
    headers: { authorization },
  });
  const lost = assert.rejects(answered);
  await arrived;
  killed.signal('SIGKILL');
  assert.deepEqual(await killed.exited, [null, 'SIGKILL']);
  await lost;
  assert.deepEqual(
    (await openIntents()).map(({ outcome }) => outcome),
    ['none'],
  );

  // Aerospike Cloud had taken the delete.
  cloud.setStatus(id, 'deleted');
  cloud.setFault(undefined);
  const next = await serve(t, around, 'audit.log');
  await until('the delete is settled', async () =>
    (await readFile(auditFile, 'utf8')).includes('"event_code":"peering.delete.reconciled"'),
  );
  next.signal('SIGTERM');
  assert.deepEqual(await next.exited, [0, null]);

  const { records } = await checkLeftLog(auditFile);
  const [intent] = recordsOf(records, 'peering.delete.intent');
  const [settled, ...others] = recordsOf(records, 'peering.delete.reconciled');
  assert.deepEqual([others, await openIntents()], [[], []]);
  assertAuditRecord(settled);
  assert.deepEqual([settled?.status_id, settled?.status_code], [1, 'peering-absent']);
  for (const member of ['actor', 'api', 'http_request', 'resources', 'start_time'] as const)
    assert.deepEqual(settled?.[member], intent?.[member]);
  assert.equal(cloud.requests.filter(({ method }) => method === 'DELETE').length, 1);
});
