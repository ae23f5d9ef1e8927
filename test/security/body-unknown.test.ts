// Members that nobody knows: refused by name, so that a mistyped or a smuggled one is noticed, and bounded, so that a
// refusal is not an echo.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused } from '../support/assert-refused.ts';
import { allowed, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { invalidCreate, post } from '../support/post.ts';

const good = JSON.stringify(allowed);

async function unknownFields(gateway: TestGateway, body: string): Promise<string[]> {
  const reply = await assertRefused(gateway, () => post(gateway, body), invalidCreate);
  assert.equal(reply.json.context.missing, undefined);
  return reply.json.context.invalid.map(({ field }: { field: string }) => field);
}

const withMember = (name: string, value = '1') => good.replace('{', `{${JSON.stringify(name)}:${value},`);

test('an unknown member is refused with its JSON Pointer and the members that there are', async (t) => {
  const gateway = await startTestGateway(t);
  const names: Readonly<Record<string, string>> = {
    autoAccept: '/autoAccept',
    VpcId: '/VpcId',
    'vpcId ': '/vpcId ',
    '': '/',
    'a/b': '/a~1b',
    'a~b': '/a~0b',
    '~1': '/~01',
    constructor: '/constructor',
    hasOwnProperty: '/hasOwnProperty',
    toString: '/toString',
    prototype: '/prototype',
    length: '/length',
    ключ: '/ключ',
    '<script>': '/<script>',
  };
  for (const [name, pointer] of Object.entries(names)) {
    await t.test(JSON.stringify(name), async () => {
      const reply = await assertRefused(gateway, () => post(gateway, withMember(name)), invalidCreate);
      const [fault, ...more] = reply.json.context.invalid;
      assert.deepEqual(more, []);
      assert.equal(fault?.field, pointer);
      assert.match(String(fault?.description), /vpcId, cidrBlock, accountId, region, isSecureConnection/);
    });
  }
});

test('a __proto__ member is refused like any other, and gives nothing to the object around it', async (t) => {
  const gateway = await startTestGateway(t);
  assert.deepEqual(await unknownFields(gateway, withMember('__proto__', '{"vpcId":"vpc-00000000"}')), [
    '/__proto__',
  ]);
  assert.deepEqual(await unknownFields(gateway, withMember('__proto__', 'null')), ['/__proto__']);
  const hidden = `{"__proto__":${good}}`;
  const reply = await assertRefused(gateway, () => post(gateway, hidden), invalidCreate);
  assert.equal(reply.json.context.missing.length, 5);
  assert.deepEqual(Object.keys({}), []);
});

test('of many unknown members the first twenty are named and the rest are counted', async (t) => {
  const gateway = await startTestGateway(t);
  const many = Array.from({ length: 1000 }, (_, index) => [`x${index}`, 0]);
  const reply = await assertRefused(
    gateway,
    () => post(gateway, JSON.stringify({ ...allowed, ...Object.fromEntries(many) })),
    invalidCreate,
  );
  const { invalid } = reply.json.context;
  assert.equal(invalid.length, 21);
  assert.deepEqual([invalid[0]?.field, invalid[19]?.field, invalid[20]?.field], ['/x0', '/x19', '']);
  assert.match(String(invalid[20]?.description), /980/);
  assert.ok(reply.text.length < 8_000);
});

test('a very long name is cut, between characters', async (t) => {
  const gateway = await startTestGateway(t);
  for (const character of ['x', '𝄞', '/']) {
    const [field = ''] = await unknownFields(gateway, withMember(character.repeat(3_000)));
    assert.ok(field.length < 150, field);
    assert.ok(field.isWellFormed());
  }
  const [lone = ''] = await unknownFields(gateway, good.replace('{', '{"\\ud800":1,'));
  assert.ok(lone.isWellFormed());
});

test('nothing of a refused body is in the log or in the record', async (t) => {
  const gateway = await startTestGateway(t);
  const body = withMember('smuggled-name', '"smuggled-value"').replace('us-east-1', 'smuggled-region');
  await assertRefused(gateway, () => post(gateway, body), invalidCreate);
  assert.doesNotMatch(gateway.output(), /smuggled/);
});
