// The examples for clients work against the demo: its identity provider, its gateway and its sandbox of Aerospike Cloud.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type DemoParts, startDemoParts } from '../../sandbox/demo-parts.ts';
import { requestToken } from '../../sandbox/request-token.ts';
import { demoClients } from '../../sandbox/service-clients.ts';
import { readText } from '../docs/documents.ts';
import { brunoAssertions, brunoCollection, brunoEnvironment, brunoRequests, sendBruno } from './bruno.ts';

/** What the TypeScript example rejects with. */
interface RefusedCreate extends Error {
  readonly cause: { readonly violations: readonly { readonly code: string }[] };
}

async function demo(t: TestContext): Promise<DemoParts> {
  const parts = await startDemoParts({ useDocumentedPorts: false, signal: t.signal });
  t.after(() => parts.close());
  return parts;
}

test('every request of the Bruno collection gets the answer that it asserts', async (t) => {
  const { gatewayUrl, idp } = await demo(t);
  const variables = { ...brunoEnvironment('demo'), gatewayUrl, tokenUrl: idp.tokenEndpoint };
  assert.ok(brunoRequests.length >= 8);
  for (const bruno of brunoRequests) {
    const answer = await sendBruno(bruno, variables);
    const assertions = brunoAssertions(bruno, answer);
    assert.ok(assertions.length > 0, bruno.meta.name);
    for (const [name, found, expected] of assertions)
      assert.equal(found, expected, `${bruno.meta.name}: ${name} of ${JSON.stringify(answer)}`);
  }
});

test('the Bruno collection uses each operation of the contract about peerings, and the environment has its variables', () => {
  const used = brunoRequests.map(({ http }) => http.method);
  for (const method of ['get', 'post', 'delete']) assert.ok(used.includes(method), method);
  const set = [
    ...Object.keys(brunoEnvironment('demo')),
    ...brunoRequests.flatMap(({ vars }) => (vars?.res ?? []).map(({ name }) => name)),
  ];
  const named = [...JSON.stringify([brunoRequests, brunoCollection]).matchAll(/\{\{(\w+)\}\}/g)];
  assert.deepEqual([...new Set(named.map(([, name]) => name))].sort(), [...new Set(set)].sort());
  const { clientId, clientSecret } = demoClients.payments;
  assert.equal(brunoEnvironment('demo')['clientId'], clientId);
  assert.equal(brunoEnvironment('demo')['clientSecret'], clientSecret);
});

const vpc = {
  vpcId: 'vpc-0123456789abcdef0',
  cidrBlock: '10.20.4.0/22',
  accountId: '111122223333',
  region: 'us-east-1',
  isSecureConnection: true,
};

async function snippet(t: TestContext) {
  const { gatewayUrl, idp, cloud } = await demo(t);
  // Types that the reader generates are missing here. Node erases them, and the compiler must not look for them.
  const path = new URL('../../examples/typescript/create-peering.ts', import.meta.url).href;
  const { createPeering } = await import(path);
  const token = await requestToken({
    issuer: idp.issuer,
    ...demoClients.payments,
    scope: demoClients.payments.scopes.join(' '),
  });
  const options = { baseUrl: gatewayUrl, token, clusterId: cloud.clusters[0]?.id, waitSeconds: 1 };
  return { cloud, create: (more: object) => createPeering({ ...options, ...more }) };
}

test('the TypeScript example creates one peering, repeated or not, and waits until it is active', async (t) => {
  const { create, cloud } = await snippet(t);
  const first = await create({ vpc, idempotencyKey: 'order-17' });
  assert.equal(first.vpcId, vpc.vpcId);
  cloud.accept(first.id);
  const again = await create({ vpc, idempotencyKey: 'order-17', waitSeconds: 60 });
  assert.deepEqual([again.id, again.status], [first.id, 'active']);
  const creates = cloud.requests.filter(
    ({ method, path }) => method === 'POST' && path.includes('vpc-peerings'),
  );
  assert.equal(creates.length, 1);
});

test('the TypeScript example rejects a refused create with every violation', async (t) => {
  const { create, cloud } = await snippet(t);
  await assert.rejects(
    create({ vpc: { ...vpc, cidrBlock: '192.0.2.0/24' }, idempotencyKey: 'x' }),
    (error: RefusedCreate) => {
      assert.match(error.message, /\w: \w/);
      assert.equal(error.cause.violations[0]?.code, 'cidr_not_allowed');
      return true;
    },
  );
  assert.deepEqual(
    cloud.requests
      .filter(({ method }) => method === 'POST')
      .filter(({ path }) => path.includes('vpc-peerings')),
    [],
  );
});

test('the page of the examples names both of them', () => {
  const page = readText('examples/README.md');
  for (const path of ['bruno/', 'typescript/create-peering.ts']) assert.ok(page.includes(path), path);
});
