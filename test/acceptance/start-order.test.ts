// A start in its order: listeners are bound, then the start is recorded, then requests are served.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile, readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { FaultySink, startCodes } from '../audit/log/faulty-sink.ts';
import type { AuditRecord } from '../support/audit-record.ts';
import { freePort } from '../support/free-port.ts';
import { peeringsPath, send, startTestGateway } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { head, openRaw } from '../support/raw-http.ts';
import { requestsBegun } from '../support/requests-begun.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const codeOf = (line: string): string => (JSON.parse(line) as AuditRecord).metadata.event_code;

for (const setting of ['PORT', 'ADMIN_PORT'])
  test(`a start that fails since ${setting} is taken writes no record and leaves the audit file as it was`, async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const taken = { [setting]: String((other.address() as AddressInfo).port) };
    const sink = new FaultySink();
    await assert.rejects(startTestGateway(t, { environment: taken, sink }), { code: 'EADDRINUSE' });
    assert.deepEqual(sink.offered, []);
    const file = join(temporaryFolder(), 'audit.log');
    // As the gateway that has the port may have written half of by now.
    await appendFile(file, '{"category_uid":6');
    await assert.rejects(startTestGateway(t, { environment: { ...taken, AUDIT_FILE: file } }), {
      code: 'EADDRINUSE',
    });
    assert.equal(await readFile(file, 'utf8'), '{"category_uid":6');
  });

for (const end of ['is written', 'is given up'])
  test(`a request that comes right after the port is bound is not served before the record of the start ${end}`, async (t) => {
    const issuer = await startIssuer();
    t.after(() => issuer.close());
    const port = await freePort();
    const sink = new FaultySink();
    sink.mode = (code) => (code === 'policy.loaded' ? 'hangs' : 'works');
    const starting = startTestGateway(t, { environment: { PORT: String(port) }, sink, issuer });
    await until('the start is being recorded', () => sink.offered.length === startCodes.length);
    const headers = { authorization: `Bearer ${await issuer.sign()}` };
    const arrived = requestsBegun(port);
    const reply = send(`http://127.0.0.1:${port}`, { headers });
    await arrived;
    if (end === 'is written') sink.release();
    const first = await Promise.race([reply.then(() => 'answer'), starting.then(() => 'start')]);
    assert.equal(first, 'start');
    sink.release();
    const { status } = await reply;
    if (end === 'is written') assert.equal(status, 200);
    assert.deepEqual(sink.offered.map(codeOf), [...startCodes, 'peering.list.outcome']);
  });

test('no more requests than may be in flight wait for the start to be recorded; the connection of one more is closed', async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  const port = await freePort();
  const sink = new FaultySink();
  sink.mode = (code) => (code === 'policy.loaded' ? 'hangs' : 'works');
  const environment = { PORT: String(port), MAX_IN_FLIGHT: '2' };
  const starting = startTestGateway(t, { environment, sink, issuer });
  await until('the start is being recorded', () => sink.offered.length === startCodes.length);
  const list = head(`GET ${peeringsPath} HTTP/1.1`, { Authorization: `Bearer ${await issuer.sign()}` });
  const ask = async () => {
    const connection = await openRaw(port);
    const begun = requestsBegun(port);
    connection.write(list);
    await begun;
    return connection;
  };
  const [gone, first] = [await ask(), await ask()];
  assert.equal(await (await ask()).rest(), '');
  gone.end();
  assert.equal(await gone.rest(), '');
  const second = await ask();
  sink.release();
  await starting;
  for (const connection of [first, second]) {
    assert.equal((await connection.answer()).status, 200);
    connection.destroy();
  }
});
