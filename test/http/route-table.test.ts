// Which requests are for a route. The path is matched as it came: nothing in it is decoded, folded or repaired, so that
// the gateway and whatever stands before it cannot disagree about where a request goes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem, assertRefused, type Refusal } from '../support/assert-refused.ts';
import { clusterId, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { unlimited } from '../support/post.ts';
import { head, sendRaw } from '../support/raw-http.ts';

const unknown: Refusal = { status: 404, type: 'resource:not-found', recorded: undefined };
const wrongMethod: Refusal = { status: 405, type: 'validation:failed', recorded: undefined };

test('a path that is no route is 404, with and without a good token, and is not recorded', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const paths = [
    '/',
    '/database',
    '/database/clusters/',
    `/database/clusters/${clusterId}/`,
    `/database/clusters//vpc-peerings`,
    `${peeringsPath}/`,
    `/${peeringsPath}`,
    peeringsPath.replace('/clusters', '//clusters'),
    peeringsPath.replace('/clusters', '/./clusters'),
    peeringsPath.replace('/clusters', '/x/../clusters'),
    peeringsPath.replace('/clusters', '/%2e/clusters'),
    peeringsPath.replace('database', 'Database'),
    peeringsPath.replace('vpc-peerings', 'VPC-Peerings'),
    peeringsPath.replace('vpc-peerings', 'vpc%2Dpeerings'),
    peeringsPath.replace('/clusters', '%2Fclusters'),
    peeringsPath.replaceAll('/', '\\').replace('\\', '/'),
    `${peeringsPath};x=1`,
    `${peeringsPath}%00`,
    `${peeringsPath}%3Flimit=1`,
    `/v1${peeringsPath}`,
    '/healthz',
    '/readyz',
    '/metrics',
    '/constructor',
  ];
  for (const path of paths) {
    for (const headers of [{}, { authorization }]) {
      await t.test(`${path} ${'authorization' in headers ? 'with' : 'without'} token`, async () => {
        // As it stands: a client library would repair the path first.
        const request = head(`GET ${path} HTTP/1.1`, headers);
        await assertRefused(gateway, () => sendRaw(gateway.port, request), unknown);
      });
    }
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('a cluster id that is no UUID is refused by its name and never decoded', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const refusal: Refusal = {
    status: 400,
    type: 'validation:failed',
    recorded: 'request-invalid',
    operation: 'list',
    subject: 'svc-payments',
  };
  const segments = [
    'x',
    '*',
    '%2e%2e%2f',
    '..',
    '%2e%2e',
    '..%2f..%2foauth%2ftoken',
    `${clusterId}%2F`,
    `${clusterId}%2f..`,
    `%${clusterId.charCodeAt(0).toString(16)}${clusterId.slice(1)}`,
    clusterId.replace('-', '%2D'),
    clusterId.replaceAll('-', ''),
    `{${clusterId}}`,
    `urn:uuid:${clusterId}`,
    `${clusterId}0`,
    clusterId.slice(1),
    `${clusterId},${clusterId}`,
    `${clusterId};x`,
    `${clusterId}%00`,
    `${clusterId}%0a`,
    '%zz',
    '%',
    '%C0%AF',
    'a'.repeat(8000),
  ];
  for (const segment of segments) {
    await t.test(segment.slice(0, 60), async () => {
      const request = head(`GET /database/clusters/${segment}/vpc-peerings HTTP/1.1`, {
        Authorization: authorization,
      });
      const reply = await assertRefused(gateway, () => sendRaw(gateway.port, request), refusal);
      const [fault, ...more] = reply.json.context.invalid;
      assert.deepEqual(more, []);
      assert.equal(fault?.field, '/clusterId');
      assert.match(String(fault?.description), /UUID/);
    });
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('an encoded slash separates nothing: what follows it belongs to the cluster id', async (t) => {
  const gateway = await startTestGateway(t);
  const path = peeringsPath.replace('/vpc-peerings', '%2Fvpc-peerings');
  const get = (headers: Record<string, string>) =>
    sendRaw(gateway.port, head(`GET ${path} HTTP/1.1`, headers));
  const withoutToken: Refusal = { status: 401, type: 'auth:unauthorized', recorded: undefined };
  await assertRefused(gateway, () => get({}), withoutToken);
  const reply = await get({ Authorization: `Bearer ${await gateway.issuer.sign()}` });
  assertProblem(reply, { status: 400, type: 'validation:failed' });
  assert.deepEqual(
    reply.json.context.invalid.map(({ field }: { field: string }) => field),
    ['/clusterId'],
  );
  assert.deepEqual(
    gateway.records.map(({ metadata }) => metadata.event_code),
    ['cluster.read.refused'],
  );
  assert.equal(gateway.cloud.connections, 0);
});

test('a cluster id in upper case goes upstream, and into the record, in lower case', async (t) => {
  const gateway = await startTestGateway(t);
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const path = peeringsPath.replace(clusterId, clusterId.toUpperCase());
  assert.equal((await gateway.call({ path, headers: { authorization } })).status, 200);
  assert.equal(gateway.apiRequests()[0]?.path, `/v1${peeringsPath}`);
  assert.equal(gateway.records[0]?.api.request.data.clusterId, clusterId);
});

test('another method is 405 with the methods that there are, and is not recorded', async (t) => {
  const gateway = await startTestGateway(t);
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'HEAD']) {
    await t.test(method, async () => {
      const request = head(`${method} ${peeringsPath} HTTP/1.1`, { Authorization: authorization });
      const before = gateway.records.length;
      const reply = await sendRaw(gateway.port, request, method);
      assert.equal(reply.status, 405);
      assert.deepEqual(String(reply.headers['allow']).split(', ').sort(), ['GET', 'POST']);
      if (method === 'HEAD') assert.equal(reply.text, '');
      else assertProblem(reply, wrongMethod);
      assert.equal(gateway.records.length, before);
    });
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('the document has its own methods', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await assertRefused(
    gateway,
    () => gateway.call({ method: 'POST', path: '/openapi.json' }),
    wrongMethod,
  );
  assert.equal(reply.headers['allow'], 'GET, HEAD');
  assert.equal((await gateway.call({ path: '/openapi.json' })).status, 200);
});

test('a target that is no path is no route', async (t) => {
  const gateway = await startTestGateway(t);
  const targets = [
    'OPTIONS *',
    'GET *',
    'CONNECT gateway.test:443',
    `CONNECT ${peeringsPath}`,
    'GET http://',
    'GET http://[',
    'GET http://gateway.test',
    'GET http://gateway.test?x',
    'GET ftp://gateway.test/database',
    'GET //a@[b#x',
    'GET /#',
  ];
  for (const target of targets) {
    await t.test(target, async () => {
      await assertRefused(gateway, () => sendRaw(gateway.port, head(`${target} HTTP/1.1`)), unknown);
    });
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('the absolute form is served like the path in it, whatever host it names (RFC 9112 section 3.2.2)', async (t) => {
  const gateway = await startTestGateway(t);
  const fields = { Authorization: `Bearer ${await gateway.issuer.sign()}` };
  for (const origin of [
    'http://gateway.test',
    'HTTP://gateway.test:8080',
    'https://evil.test',
    'http://u:p@evil.test',
  ]) {
    const reply = await sendRaw(gateway.port, head(`GET ${origin}${peeringsPath}?limit=1 HTTP/1.1`, fields));
    assert.equal(reply.status, 200, origin);
  }
  for (const { path } of gateway.apiRequests()) assert.equal(path, `/v1${peeringsPath}?limit=1`);
});

test('with a base path, every route is below it and nowhere else', async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/v1' } });
  const headers = { authorization: `Bearer ${await gateway.issuer.sign()}` };
  for (const path of [
    peeringsPath,
    '/openapi.json',
    '/v1',
    '/v1/',
    `/V1${peeringsPath}`,
    `/v1/v1${peeringsPath}`,
    `/v2${peeringsPath}`,
  ]) {
    await assertRefused(gateway, () => gateway.call({ path, headers }), { ...unknown, basePath: '/v1' });
  }
  assert.equal((await gateway.call({ path: '/v1/openapi.json' })).json.servers[0]?.url, '/v1');
  assert.equal((await gateway.call({ path: `/v1${peeringsPath}`, headers })).status, 200);
  assert.equal(gateway.apiRequests()[0]?.path, `/v1${peeringsPath}`);
});

test('a base path with dots in it stands for itself', async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/api.v1' } });
  const headers = { authorization: `Bearer ${await gateway.issuer.sign()}` };
  const path = `/apixv1${peeringsPath}`;
  const refusal = { ...unknown, basePath: '/api.v1' };
  await assertRefused(gateway, () => gateway.call({ path, headers }), refusal);
  assert.equal((await gateway.call({ path: `/api.v1${peeringsPath}`, headers })).status, 200);
});
