// What the gateway itself refuses frees the key: nothing came of that request, so another one may have it. A key that is none
// is refused before anything else is looked at.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { head, sendRaw } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';
import { stores } from './stores.ts';
import {
  allowed,
  answerTo,
  assertRefused,
  assertReplay,
  clusterId,
  createNumber,
  createWith,
  json,
  posts,
  recorded,
  startGuarded,
} from './watched-creates.ts';

const path = `/database/clusters/${clusterId}/vpc-peerings`;

for (const { where, skip, settings } of stores) {
  test(`${where}: whatever the gateway refuses leaves the key free for another request`, {
    skip,
  }, async (t) => {
    const gateway = await startGuarded(t, await settings(t));
    const { cloud } = gateway;
    const blocker = cloud.addPeering(clusterId, { ...createNumber(1), cidrBlock: '10.20.4.0/24' }, 'active');
    const ways: [number, () => void, object?][] = [
      [403, () => undefined, { ...allowed, region: 'eu-north-1' }],
      [400, () => undefined, { ...allowed, cidrBlock: '10.20.4.1/22' }],
      [409, () => undefined],
      [409, () => undefined, createNumber(1)],
      [502, () => answerTo(cloud, 'GET peerings', json(500, {}))],
      [502, () => answerTo(cloud, 'GET peerings', (request) => void request.socket.destroy())],
      [404, () => answerTo(cloud, 'GET peerings', json(404, {}))],
      [429, () => answerTo(cloud, 'GET peerings', json(429, {}))],
    ];
    for (const [status, spoil, body] of ways) {
      spoil();
      const reply = await createWith(gateway, 'order-17', body);
      assert.equal(reply.status, status, reply.text);
      assert.equal(reply.headers['idempotency-replayed'], undefined);
      cloud.setFault(undefined);
    }
    assert.equal(posts(cloud), 0);
    assert.ok(recorded(gateway).every((line) => line.startsWith('refused ')));
    cloud.setStatus(blocker, 'deleted');
    const first = await createWith(gateway, 'order-17', createNumber(2));
    assert.equal(first.status, 201);
    assertReplay(gateway, await createWith(gateway, 'order-17', createNumber(2)), first);
    assert.equal(posts(cloud), 1);
  });

  test(`${where}: a create that was certainly not sent leaves the key free`, { skip }, async (t) => {
    const gateway = await startGuarded(t, {
      ...(await settings(t)),
      PREFLIGHT: 'off',
      AEROSPIKE_API_URL: 'http://127.0.0.1:1/v1',
    });
    for (const body of [allowed, createNumber(1)]) {
      const reply = await createWith(gateway, 'order-17', body);
      assert.equal(reply.status, 502);
      assert.deepEqual(reply.json.context, { sent: 'no' });
    }
    assert.deepEqual(recorded(gateway), [
      ...['intent', 'outcome upstream-unreachable'],
      ...['intent', 'outcome upstream-unreachable'],
    ]);
  });
}

test('a create that cannot be recorded leaves the key free, and nothing is sent', async (t) => {
  const failing = { now: false };
  const lines: string[] = [];
  const sink = {
    write(line: string) {
      if (failing.now) return Promise.reject(new Error('the disk is full'));
      lines.push(line);
      return Promise.resolve();
    },
  };
  const gateway = await startGuarded(t, {}, { sink });
  failing.now = true;
  const refused = await createWith(gateway, 'order-17');
  assert.equal(refused.status, 503);
  assert.match(refused.json.detail, /audit record cannot be written/);
  assert.equal(posts(gateway.cloud), 0);
  failing.now = false;
  await until(
    'records can be written',
    async () => (await fetch(`${gateway.adminUrl}/readyz`)).status === 200,
  );
  assert.equal((await createWith(gateway, 'order-17', createNumber(1))).status, 201);
  assert.equal(posts(gateway.cloud), 1);
});

test('a replay that cannot be recorded is not given, and is given when it can be', async (t) => {
  const failing = { now: false };
  const sink = {
    write: () => (failing.now ? Promise.reject(new Error('the disk is full')) : Promise.resolve()),
  };
  const gateway = await startGuarded(t, {}, { sink });
  const first = await createWith(gateway, 'order-17');
  failing.now = true;
  const refused = await createWith(gateway, 'order-17');
  assert.equal(refused.status, 503);
  assert.equal(refused.headers['idempotency-replayed'], undefined);
  failing.now = false;
  await until(
    'records can be written',
    async () => (await fetch(`${gateway.adminUrl}/readyz`)).status === 200,
  );
  const again = await createWith(gateway, 'order-17');
  assert.equal(again.text, first.text);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(posts(gateway.cloud), 1);
});

const bad: Record<string, string[]> = {
  'that is empty': [''],
  'of 256 characters': ['x'.repeat(256)],
  'with a space in it': ['order 17'],
  'with a tab in it': ['order\t17'],
  'that is not ASCII': ['ordre-dix-sept-é'],
  'with a control character': ['order\x7f17'],
  'that is there twice': ['order-17', 'order-17'],
  'that is there twice, once empty': ['order-17', ''],
};
for (const [what, keys] of Object.entries(bad)) {
  test(`a key ${what} is refused with 400, and nothing is asked or sent`, async (t) => {
    const gateway = await startGuarded(t);
    const body = JSON.stringify(allowed);
    const lines = [
      `POST ${path} HTTP/1.1`,
      'Host: gateway.test',
      `Authorization: Bearer ${await gateway.issuer.sign()}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      ...keys.map((key) => `Idempotency-Key: ${key}`),
    ];
    const reply = await sendRaw(gateway.port, Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
    assert.equal(reply.status, 400, reply.text);
    if (!what.includes('control')) {
      assertRefused(gateway, reply, { status: 400, type: 'validation:failed', code: 'request-invalid' });
      assert.deepEqual(
        reply.json.context.invalid.map(({ field }: { field: string }) => field),
        ['/Idempotency-Key'],
      );
    }
    assert.equal(gateway.cloud.connections, 0);
  });
}

test('a bad key is named together with everything else that is wrong', async (t) => {
  const gateway = await startGuarded(t);
  const reply = await createWith(gateway, 'order 17', { ...allowed, vpcId: 'vpc-1' });
  assert.deepEqual(
    reply.json.context.invalid.map(({ field }: { field: string }) => field),
    ['/vpcId', '/Idempotency-Key'],
  );
});

test('a key of one character, of 255, and of every visible character is fine', async (t) => {
  const gateway = await startGuarded(t);
  const every = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index)).join('');
  for (const [number, key] of ['x', 'x'.repeat(255), every].entries()) {
    const first = await createWith(gateway, key, createNumber(number));
    assert.equal(first.status, 201, first.text);
    assertReplay(gateway, await createWith(gateway, key, createNumber(number)), first);
  }
});

test('a list takes no notice of a key', async (t) => {
  const gateway = await startGuarded(t);
  const fields = { authorization: `Bearer ${await gateway.issuer.sign()}`, 'idempotency-key': 'a b' };
  const reply = await sendRaw(gateway.port, head(`GET ${path} HTTP/1.1`, fields));
  assert.equal(reply.status, 200);
});
