// Requests behind one that waits, and bodies that nobody reads yet, take as much memory as is counted, whatever they are made
// of: real sockets, and but for one test none of the gateway's checks by the second.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { closeSync, openSync } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { KernelQueue } from '../../../src/http/listener/kernel-queue.ts';
import { pathOf, put } from '../../support/call-peering.ts';
import { peeringsPath, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { startIssuer } from '../../support/issuer.ts';
import { head, openRaw, type RawConnection } from '../../support/raw-http.ts';
import { requestsBegun } from '../../support/requests-begun.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const smallest = 'GET / HTTP/1.1\r\n\r\n';

/** Why the gateway has ended connections. */
const reasons = ({ logs }: TestGateway): string[] =>
  logs.filter(({ msg }) => msg === 'closed a connection').map(({ reason }) => reason);

async function startWaiting(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const gateway = await startTestGateway(t);
  const id = put(gateway, 'provisioning');
  const fields = { Authorization: `Bearer ${await gateway.issuer.sign()}` };
  const wait = head(`GET ${pathOf(id)}?wait=active&timeoutSeconds=300 HTTP/1.1`, fields);
  return {
    gateway,
    endWaits: () => gateway.cloud.setStatus(id, 'active'),
    async open(): Promise<RawConnection> {
      const connection = await openRaw(gateway.port);
      t.after(() => connection.destroy());
      const begun = requestsBegun(gateway.port);
      connection.write(wait);
      await begun;
      return connection;
    },
  };
}

const inPieces = '1\r\na\r\n'.repeat(8000);
const tooMuch: Readonly<Record<string, string>> = {
  'a body in pieces of a byte': head('POST / HTTP/1.1', { 'Transfer-Encoding': 'chunked' }) + inPieces,
  'thousands of empty header fields': head('GET / HTTP/1.1')
    .replace(/\r\n$/, `${'a:\r\n'.repeat(4000)}\r\n`)
    .repeat(6),
  'thousands of requests': smallest.repeat(3600),
};
for (const [what, text] of Object.entries(tooMuch))
  test(`${what} behind a wait, far below a megabyte as sent, end the connection for the memory that they take`, async (t) => {
    assert.ok(text.length < 128 * 1024);
    const { gateway, open } = await startWaiting(t);
    const connection = await open();
    connection.write(text);
    assert.equal(await connection.rest(), '');
    assert.deepEqual(reasons(gateway), ['pipelined']);
  });

test('a body in pieces of a byte ends the connection while its token waits for an issuer that hangs', async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  const gateway = await startTestGateway(t, { issuer });
  const [, ...signed] = (await issuer.sign()).split('.');
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'nobody' })).toString('base64url');
  issuer.takeover = () => undefined;
  const connection = await openRaw(gateway.port);
  t.after(() => connection.destroy());
  const fields = {
    Authorization: `Bearer ${[header, ...signed].join('.')}`,
    'Content-Type': 'application/json',
    'Transfer-Encoding': 'chunked',
  };
  // More than the longest body may have.
  connection.write(head(`POST ${peeringsPath} HTTP/1.1`, fields) + inPieces.repeat(4));
  assert.equal(await connection.rest(), '');
  assert.deepEqual(reasons(gateway), ['pipelined']);
});

const kernel = new KernelQueue();
after(() => kernel.close());

/** All threads for calls of the file system wait for a file until the returned function is called. */
function hangFileSystem(): () => Promise<void> {
  const pipe = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const opened = Array.from({ length: 4 }, () => openFile(pipe, 'r'));
  return async () => {
    const writer = openSync(pipe, 'w');
    await Promise.all(opened.map(async (file) => (await file).close()));
    closeSync(writer);
  };
}

test('a body behind a wait that is longer than any may be ends the connection in the next second, also while the file system hangs and another client reads nothing', async (t) => {
  const { gateway, open } = await startWaiting(t);
  const connection = await open();
  const unread = connect(gateway.port, '127.0.0.1').on('error', () => undefined);
  unread.pause();
  unread.write(head('GET /docs/swagger-ui-bundle.js HTTP/1.1').repeat(12));
  await until('answers that wait', async () => (await kernel.readUnacknowledged(gateway.port)).size > 0);
  const begun = requestsBegun(gateway.port);
  connection.write(head('POST / HTTP/1.1', { 'Content-Length': '60000' }) + 'a'.repeat(40_000));
  await begun;
  await delay(100);
  assert.deepEqual(reasons(gateway), []);
  const goOn = hangFileSystem();
  try {
    t.mock.timers.tick(1000);
    assert.equal(await connection.rest(), '');
  } finally {
    await goOn();
    unread.destroy();
  }
  assert.deepEqual(reasons(gateway), ['pipelined']);
});

test('a body in one piece, and a header of twenty fields, wait for their turn and are answered', async (t) => {
  const { gateway, open, endWaits } = await startWaiting(t);
  const connection = await open();
  const body = 'a'.repeat(16_000);
  connection.write(`${head('POST / HTTP/1.1', { 'Content-Length': String(body.length) })}${body}`);
  const fields = Object.fromEntries(Array.from({ length: 19 }, (_, number) => [`X-${number}`, 'a']));
  connection.write(head('GET / HTTP/1.1', fields).repeat(200));
  endWaits();
  assert.equal((await connection.answer()).status, 200);
  for (let answered = 0; answered < 201; answered += 1)
    assert.equal((await connection.answer()).status, 404, `answer ${answered}`);
  assert.deepEqual(reasons(gateway), []);
});

test('of the requests that are read at once, none is looked at after those that ended the connection', async (t) => {
  const { open } = await startWaiting(t);
  const connection = await open();
  let begun = 0;
  // A connection that is gone has no port any more.
  const count = (message: unknown) => {
    begun += Number((message as { request: IncomingMessage }).request.url === '/');
  };
  diagnostics.subscribe('http.server.request.start', count);
  t.after(() => diagnostics.unsubscribe('http.server.request.start', count));
  connection.write(smallest.repeat(3600));
  assert.equal(await connection.rest(), '');
  assert.ok(begun > 0 && begun < 600, `${begun} requests`);
});

test('requests that wait on many connections of an address have 16 MiB; only connections beyond that are ended, at once', async (t) => {
  const { gateway, open } = await startWaiting(t);
  const connections: RawConnection[] = [];
  for (let opened = 0; opened < 20; opened += 1) {
    const connection = await open();
    connections.push(connection);
    const begun = requestsBegun(gateway.port, 450);
    connection.write(smallest.repeat(450));
    await Promise.race([begun, connection.rest()]);
  }
  const ended = reasons(gateway);
  assert.ok(ended.length > 0 && ended.length < 6, `${ended.length}`);
  assert.deepEqual([...new Set(ended)], ['address-bytes']);
});
