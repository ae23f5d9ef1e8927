// Query parameters: the named ones, once each, in their one form. Every other one is refused, so that a caller never
// believes in an effect that it does not have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused, type Refusal } from '../support/assert-refused.ts';
import { allowed, peeringsPath, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { invalidCreate, post, unlimited } from '../support/post.ts';

const invalidList: Refusal = { ...invalidCreate, operation: 'list' };

async function list(gateway: TestGateway, query: string) {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  return await gateway.call({ path: `${peeringsPath}${query}`, headers: { authorization } });
}

const fieldsOf = (reply: Awaited<ReturnType<typeof list>>): string[] =>
  reply.json.context.invalid.map(({ field }: { field: string }) => field);

test('a query parameter that a create does not have is refused by its name', async (t) => {
  const gateway = await startTestGateway(t);
  const queries: Readonly<Record<string, readonly string[]>> = {
    '?force=true': ['/force'],
    '?force': ['/force'],
    '?=1': ['/'],
    '?limit=1': ['/limit'],
    '?dryrun=true': ['/dryrun'],
    '?DryRun=true': ['/DryRun'],
    '?dryRun%20=true': ['/dryRun '],
    '?a=1&b=2&a=3': ['/a', '/b'],
    '?a%2Fb=1': ['/a~1b'],
    '?__proto__=1': ['/__proto__'],
    '?constructor[prototype][x]=1': ['/constructor[prototype][x]'],
    '?access_token=x': ['/access_token'],
    '?%zz=1': ['/%zz'],
    '?%ff=1': ['/\ufffd'],
    '?x#y': ['/x#y'],
  };
  for (const [query, fields] of Object.entries(queries)) {
    await t.test(query, async () => {
      const path = `${peeringsPath}${query.replace('#', '%23')}`;
      const reply = await assertRefused(
        gateway,
        () => post(gateway, JSON.stringify(allowed), { path }),
        invalidCreate,
      );
      assert.deepEqual(fieldsOf(reply), fields);
    });
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('a question mark with nothing behind it, and empty pairs, are no parameters', async (t) => {
  const gateway = await startTestGateway(t);
  for (const query of ['?', '?&', '?&&']) assert.equal((await list(gateway, query)).status, 200, query);
});

test('of a flood of parameters a bounded number is named', async (t) => {
  const gateway = await startTestGateway(t);
  const query = `?${Array.from({ length: 1000 }, (_, index) => `p${index}`).join('&')}`;
  const reply = await assertRefused(gateway, () => list(gateway, query), invalidList);
  assert.equal(reply.json.context.invalid.length, 21);
});

test('limit and offset within their bounds go upstream as they are, and others do not go along', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const queries: Readonly<Record<string, string>> = {
    '': '',
    '?limit=1': '?limit=1',
    '?limit=100': '?limit=100',
    '?offset=0': '?offset=0',
    '?offset=9007199254740991': '?offset=9007199254740991',
    '?limit=25&offset=50': '?limit=25&offset=50',
    '?offset=50&limit=25': '?limit=25&offset=50',
    '?%6cimit=2%35': '?limit=25',
  };
  for (const [query, expected] of Object.entries(queries)) {
    await t.test(query, async () => {
      const before = gateway.apiRequests().length;
      assert.equal((await list(gateway, query)).status, 200);
      const [request, ...more] = gateway.apiRequests().slice(before);
      assert.deepEqual(more, []);
      assert.equal(request?.path, `/v1${peeringsPath}${expected}`);
      assert.equal(request?.body, '');
    });
  }
});

test('limit and offset are recorded with the list that they were part of', async (t) => {
  const gateway = await startTestGateway(t);
  await list(gateway, '?limit=25&offset=50');
  const [record, ...more] = gateway.records;
  assert.deepEqual(more, []);
  assert.equal(record?.metadata.event_code, 'peering.list.outcome');
  assert.equal(record?.api.request.data.limit, 25);
  assert.equal(record?.api.request.data.offset, 50);
});

test('a limit or an offset that is out of bounds or not in its one form is refused', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const values = [
    '',
    '-1',
    '+1',
    '%2B1',
    '01',
    '00',
    '1.0',
    '1e1',
    '0x1',
    ' 1',
    '1%20',
    '1%0a',
    'x',
    'null',
    'Infinity',
    '9007199254740992',
    '9'.repeat(400),
    '%D9%A1',
  ];
  const queries: Record<string, readonly string[]> = {
    '?limit=0': ['/limit'],
    '?limit=101': ['/limit'],
    '?limit=1&limit=1': ['/limit'],
    '?limit=1&limit=2&limit=3': ['/limit'],
    '?limit=0&offset=-1&page=2': ['/page', '/limit', '/offset'],
    '?Limit=1': ['/Limit'],
    '?limit[]=1': ['/limit[]'],
  };
  for (const value of values) {
    queries[`?limit=${value}`] = ['/limit'];
    queries[`?offset=${value}`] = ['/offset'];
  }
  for (const [query, fields] of Object.entries(queries)) {
    await t.test(query.slice(0, 60), async () => {
      const reply = await assertRefused(gateway, () => list(gateway, query), invalidList);
      assert.deepEqual(fieldsOf(reply), fields);
    });
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('dryRun is true or false and nothing else', async (t) => {
  const gateway = await startTestGateway(t);
  for (const value of ['TRUE', '1', '', 'yes']) {
    const path = `${peeringsPath}?dryRun=${value}`;
    await assertRefused(gateway, () => post(gateway, JSON.stringify(allowed), { path }), invalidCreate);
  }
  assert.equal(gateway.cloud.connections, 0);
});
