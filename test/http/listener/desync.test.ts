// Places where Node's own parser or writer lets a connection lose count: whoever reads the answers must never take a part of
// one for another, or wait for one that will not come.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdUpstream, peeringId } from '../../acceptance/hold-upstream.ts';
import { allowed, peeringsPath, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { head, openRaw } from '../../support/raw-http.ts';

const list = `GET ${peeringsPath} HTTP/1.1`;
const create = `POST ${peeringsPath} HTTP/1.1`;
const body = JSON.stringify(allowed);
const length = { 'Content-Length': String(body.length) };

async function good(gateway: TestGateway): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${await gateway.issuer.sign()}`, 'Content-Type': 'application/json' };
}

test('a request behind the offer of another protocol is not left waiting: the connection ends with the answer', async (t) => {
  const gateway = await startTestGateway(t);
  const fields = await good(gateway);
  const offer = { ...fields, Connection: 'Upgrade', Upgrade: 'h2c' };
  for (const [request, status] of [
    [head(list, offer), 200],
    [head(create, { ...offer, ...length }) + body, 201],
  ] as const) {
    const connection = await openRaw(gateway.port);
    connection.write(request + head(list, fields));
    const reply = await connection.answer();
    assert.equal(reply.status, status);
    assert.equal(reply.headers['connection'], 'close');
    assert.equal(await connection.rest(), '');
  }
});

test('"100 Continue" does not get into the answer of a request that waits for its turn on the connection', async (t) => {
  const gateway = await startTestGateway(t);
  const upstream = holdUpstream(gateway);
  const fields = await good(gateway);
  const connection = await openRaw(gateway.port);
  const expecting = head(create, { ...fields, ...length, Expect: '100-continue' }) + body;
  connection.write(head(list, fields) + expecting);
  await upstream.arrived(1);
  upstream.release();
  const [first, second] = [await connection.answer(), await connection.answer()];
  assert.deepEqual([first.status, first.json], [201, { id: peeringId }]);
  // RFC 9110 section 10.1.1: the body is there, and nobody has to be told to send it.
  assert.equal(second.status, 201);
  assert.equal(second.json.vpcId, allowed.vpcId);
  connection.end();
  assert.equal(await connection.rest(), '');
});

test('who waits for "100 Continue" behind another request gets it after the answer to that, and then its own', async (t) => {
  const gateway = await startTestGateway(t);
  const upstream = holdUpstream(gateway);
  const fields = await good(gateway);
  const connection = await openRaw(gateway.port);
  connection.write(head(list, fields) + head(create, { ...fields, ...length, Expect: '100-continue' }));
  await upstream.arrived(1);
  upstream.release();
  const first = await connection.answer();
  assert.deepEqual([first.status, first.json], [201, { id: peeringId }]);
  assert.equal((await connection.answer()).status, 100);
  connection.write(body);
  const second = await connection.answer();
  assert.deepEqual([second.status, second.json.vpcId], [201, allowed.vpcId]);
  connection.end();
  assert.equal(await connection.rest(), '');
});

test('what is malformed behind the late rest of a refused request still gets its own problem document', async (t) => {
  const gateway = await startTestGateway(t);
  const connection = await openRaw(gateway.port);
  const refused = head(create, { ...length, Authorization: 'Bearer x.y.z' });
  connection.write(refused + body.slice(0, 10));
  assert.equal((await connection.answer()).status, 401);
  connection.write(body.slice(10) + head(list, { 'X-Note': 'a'.repeat(17_000) }));
  assert.equal((await connection.answer()).status, 431);
  assert.equal(await connection.rest(), '');
});
