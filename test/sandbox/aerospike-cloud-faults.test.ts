import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { request } from 'undici';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { goodCreate, peeringsUrl, send, serviceToken } from './cloud-caller.ts';

test('every request is kept as it was sent, with its time', async (t) => {
  const cloud = await startAerospikeCloud({ now: () => 42 });
  t.after(() => cloud.close());
  const token = await serviceToken(cloud);
  await send(`${peeringsUrl(cloud)}?limit=1`, 'POST', { token, body: '{ "not": checked' });
  assert.equal(cloud.requests.length, 2);
  const [, seen] = cloud.requests;
  assert.equal(seen?.method, 'POST');
  assert.equal(seen?.path, `/v1/database/clusters/${cloud.clusters[0]?.id}/vpc-peerings?limit=1`);
  assert.equal(seen?.body, '{ "not": checked');
  assert.equal(seen?.headers.authorization, `Bearer ${token}`);
  assert.ok(seen?.rawHeaders.includes(`Bearer ${token}`));
  assert.equal(seen?.time, 42);
});

test('only the newest thousand requests are kept', async (t) => {
  const cloud = await startAerospikeCloud();
  t.after(() => cloud.close());
  for (let count = 0; count < 1_010; count += 1) {
    await request(`${cloud.apiUrl}/${count}`).then(({ body }) => body.dump());
  }
  assert.equal(cloud.requests.length, 1_000);
  assert.equal(cloud.requests.at(0)?.path, '/v1/10');
  assert.equal(cloud.requests.at(-1)?.path, '/v1/1009');
});

test('a connection counts even when nothing is sent over it', async (t) => {
  const cloud = await startAerospikeCloud();
  t.after(() => cloud.close());
  assert.equal(cloud.connections, 0);
  const socket = connect(Number(new URL(cloud.apiUrl).port), '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  // A second connection is accepted after the first, so its answer says that both were counted.
  await send(cloud.apiUrl, 'GET', { headers: { connection: 'close' } });
  assert.equal(cloud.connections, 2);
  assert.equal(cloud.requests.length, 1);
  socket.destroy();
});

test('a fault takes over the answers it wants, knows the whole request, and ends when it is unset', async (t) => {
  const cloud = await startAerospikeCloud({
    fault: ({ body }) =>
      body.includes('vpc-')
        ? (_req, res) => res.writeHead(503, { 'Retry-After': '1' }).end('<html>')
        : undefined,
  });
  t.after(() => cloud.close());
  const token = await serviceToken(cloud);
  const call = { token, body: JSON.stringify(goodCreate), headers: { 'content-type': 'application/json' } };
  const broken = await request(peeringsUrl(cloud), {
    method: 'POST',
    headers: { ...call.headers, authorization: `Bearer ${token}` },
    body: call.body,
  });
  assert.equal(broken.statusCode, 503);
  assert.equal(await broken.body.text(), '<html>');
  cloud.setFault((seen) => (seen.path.startsWith('/v1') ? (req) => req.socket.resetAndDestroy() : undefined));
  await assert.rejects(send(peeringsUrl(cloud), 'GET', { token }), { code: 'ECONNRESET' });
  cloud.setFault(undefined);
  assert.equal((await send(peeringsUrl(cloud), 'POST', call)).status, 201);
});

test('a hanging answer does not keep the sandbox from closing', async () => {
  const cloud = await startAerospikeCloud();
  const arrived = new Promise<void>((resolve) => {
    cloud.setFault(() => () => resolve());
  });
  const call = send(cloud.apiUrl, 'GET');
  const refused = assert.rejects(call);
  await arrived;
  await cloud.close();
  await refused;
});

test('a body over 1 MiB ends the connection', async (t) => {
  const cloud = await startAerospikeCloud();
  t.after(() => cloud.close());
  await assert.rejects(send(cloud.apiUrl, 'POST', { body: 'x'.repeat(2 * 1_048_576) }));
});
