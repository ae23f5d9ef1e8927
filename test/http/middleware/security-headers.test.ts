// The header fields of answers: those that protect a browser which wanders here, those that keep caches away, and nothing
// that tells an attacker or a caller what does not concern it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, isOwnRead, type Reply, startTestGateway, type TestGateway } from '../../support/gateway.ts';

const forbidden = { ...allowed, region: 'ap-south-1' };

const answers: Readonly<
  Record<string, readonly [status: number, ask: (gateway: TestGateway) => Promise<Reply>]>
> = {
  'a create': [201, (gateway) => gateway.create()],
  'a denied create': [403, (gateway) => gateway.create(forbidden)],
  'an invalid create': [400, (gateway) => gateway.create({})],
  'no token': [401, (gateway) => gateway.call({})],
  'no route': [404, (gateway) => gateway.call({ path: '/' })],
  'another method': [405, (gateway) => gateway.call({ method: 'PUT' })],
  'the document': [200, (gateway) => gateway.call({ path: '/openapi.json' })],
};

test('every answer carries the headers that keep browsers safe, and none that names the software', async (t) => {
  const gateway = await startTestGateway(t);
  for (const [title, [status, ask]] of Object.entries(answers)) {
    await t.test(title, async () => {
      const { headers, ...reply } = await ask(gateway);
      assert.equal(reply.status, status, reply.text);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['x-frame-options'], 'SAMEORIGIN');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.match(String(headers['strict-transport-security']), /^max-age=\d{8,}/);
      assert.match(String(headers['content-security-policy']), /default-src 'self'/);
      for (const name of [
        'x-powered-by',
        'server',
        'etag',
        'via',
        'set-cookie',
        'access-control-allow-origin',
      ]) {
        assert.equal(headers[name], undefined, name);
      }
    });
  }
});

test('no cache keeps an answer, but for the document', async (t) => {
  const gateway = await startTestGateway(t);
  for (const [title, [, ask]] of Object.entries(answers)) {
    const { headers } = await ask(gateway);
    const expected = title === 'the document' ? 'public, max-age=300' : 'no-store';
    assert.equal(headers['cache-control'], expected, title);
  }
});

test('of the upstream’s headers only the named ones reach the caller, and none of its caching', async (t) => {
  const gateway = await startTestGateway(t);
  gateway.cloud.setFault((seen) =>
    seen.path === '/oauth/token' || isOwnRead(seen)
      ? undefined
      : (_request, response) => {
          response.writeHead(201, {
            'content-type': 'application/json; charset=utf-8',
            location: '/v1/database/clusters/x/vpc-peerings/y',
            'cache-control': 'public, max-age=600',
            etag: '"x"',
            server: 'upstream',
            via: '1.1 upstream',
            'set-cookie': 'session=upstream',
            'x-gateway-request-id': 'upstream',
            'proxy-status': 'upstream',
            'www-authenticate': 'upstream',
            'strict-transport-security': 'max-age=0',
            'content-security-policy': 'upstream',
            'access-control-allow-origin': '*',
            'x-upstream': 'upstream',
          });
          response.end('{"id":"upstream-1"}');
        },
  );
  const { status, headers, text } = await gateway.create();
  assert.equal(status, 201);
  assert.equal(text, '{"id":"upstream-1"}');
  assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(headers['location'], '/v1/database/clusters/x/vpc-peerings/y');
  assert.equal(headers['cache-control'], 'no-store');
  assert.equal(headers['proxy-status'], 'peergate; received-status=201');
  const given = { ...headers, location: '' };
  assert.doesNotMatch(JSON.stringify(given), /upstream|max-age=0|max-age=600|etag/);
  assert.equal(headers['access-control-allow-origin'], undefined);
});
