// Requests behind one another on one connection: each is answered in its turn, and what is malformed behind a request
// cannot take the place of the answer to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdUpstream } from '../../acceptance/hold-upstream.ts';
import { allowed, peeringsPath, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { head, openRaw } from '../../support/raw-http.ts';

const body = JSON.stringify(allowed);
const list = `GET ${peeringsPath} HTTP/1.1`;
const create = `POST ${peeringsPath} HTTP/1.1`;

async function good(gateway: TestGateway): Promise<Record<string, string>> {
  return { Authorization: `Bearer ${await gateway.issuer.sign()}`, 'Content-Type': 'application/json' };
}

test('a malformed message behind a request does not disturb the answer to it', async (t) => {
  for (const [title, next] of Object.entries({
    words: 'hello gateway\r\n\r\n',
    'a CONNECT': head('CONNECT example.test:443 HTTP/1.1'),
    'too great a header section': head(list, { 'X-Note': 'a'.repeat(17_000) }),
  })) {
    await t.test(title, async (subtest) => {
      const gateway = await startTestGateway(subtest);
      const upstream = holdUpstream(gateway);
      const connection = await openRaw(gateway.port);
      const fields = { ...(await good(gateway)), 'Content-Length': String(body.length) };
      connection.write(head(create, fields) + body + next);
      await upstream.arrived(1);
      upstream.release();
      assert.equal((await connection.answer()).status, 201);
      assert.equal(
        await connection.rest(),
        '',
        'the connection ends without an answer that nobody can place',
      );
      assert.equal(gateway.records.length, 2);
    });
  }
});

test('requests behind one another are answered in their order', async (t) => {
  const gateway = await startTestGateway(t);
  const fields = await good(gateway);
  const connection = await openRaw(gateway.port);
  connection.write(
    head(list, fields) + head(list) + head('GET /nowhere HTTP/1.1', fields) + head(list, fields),
  );
  const statuses: number[] = [];
  for (let count = 0; count < 4; count += 1) statuses.push((await connection.answer()).status);
  assert.deepEqual(statuses, [200, 401, 404, 200]);
  connection.destroy();
});
