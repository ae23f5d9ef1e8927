// The bytes of a create's body: JSON in UTF-8 and nothing that two readers could take in two ways.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused } from '../support/assert-refused.ts';
import { allowed, startTestGateway } from '../support/gateway.ts';
import { invalidCreate, post, unlimited } from '../support/post.ts';

const good = JSON.stringify(allowed);
const twice = 'The body contains an object with a duplicate member.';
const notJson = 'The body is not valid JSON.';
const notUtf8 = 'The body is not valid UTF-8.';
const spelled = (member: string) => good.replace('{', `{${member},`);

const refused: Readonly<Record<string, readonly [body: string | Buffer, description: string]>> = {
  'a member named twice': [spelled('"vpcId":"vpc-0123456789abcdef0"'), twice],
  'a member named twice with different values': [spelled('"accountId":"444455556666"'), twice],
  'a member named a second time with an escape': [spelled('"account\\u0049d":"444455556666"'), twice],
  'a member named twice with two escapes': [spelled('"\\u0061":1,"\\u0061":2'), twice],
  'a member named twice far within': [spelled('"x":[[{"y":{"z":1,"z":2}}]]'), twice],
  'a member named twice around a nested object': [spelled('"x":1,"y":{"x":1},"x":2'), twice],
  'the empty name twice': [spelled('"":1,"":2'), twice],
  'the prototype named twice': [spelled('"__proto__":1,"__proto__":2'), twice],
  'a name with quotes and a colon in it, twice': [spelled('"a\\":{":1,"a\\":{":2'), twice],
  'a byte that is not UTF-8': [
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]),
    notUtf8,
  ],
  'an overlong encoding': [
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]),
    notUtf8,
  ],
  'a surrogate in UTF-8': [
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
    notUtf8,
  ],
  'a character cut in the middle': [Buffer.from(`${good}é`).subarray(0, -1), notUtf8],
  'a good body in UTF-16': [Buffer.from(good, 'utf16le'), notJson],
  'a good body behind a byte order mark': [`\uFEFF${good}`, notJson],
  nothing: ['', notJson],
  'only spaces': [' \n\t', notJson],
  'a comma at the end': [good.replace('}', ',}'), notJson],
  'something behind the end': [`${good} x`, notJson],
  'a second object': [`${good}${good}`, notJson],
  'a NUL behind the end': [`${good}\0`, notJson],
  'a comment': [`/* x */${good}`, notJson],
  'quotes of another kind': [good.replaceAll('"', "'"), notJson],
  'a number that JSON does not have': ['{"a":NaN}', notJson],
  'a number with a leading zero': ['{"a":01}', notJson],
  'a control character in a string': ['{"a":"\u0001"}', notJson],
  'half an object': [good.slice(0, 60), notJson],
  '16 KB of open arrays': ['['.repeat(16_384), notJson],
  'a form': ['vpcId=vpc-0123456789abcdef0', notJson],
};

test('a body that is not strict JSON is refused, and says why', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  for (const [title, [body, description]] of Object.entries(refused)) {
    await t.test(title, async () => {
      const reply = await assertRefused(gateway, () => post(gateway, body), invalidCreate);
      const invalid = [{ field: '', type: 'urn:aerospike:errors:validation:failed', description }];
      assert.deepEqual(reply.json.context, { invalid });
    });
  }
  assert.equal(gateway.cloud.connections, 0);
});

test('a body that is JSON but no object is refused', async (t) => {
  const gateway = await startTestGateway(t);
  const deep = `${'['.repeat(8_000)}${']'.repeat(8_000)}`;
  for (const body of ['null', 'true', '0', '-1e400', '"text"', '[]', `[${good}]`, deep]) {
    await t.test(body.slice(0, 20), async () => {
      const reply = await assertRefused(gateway, () => post(gateway, body), invalidCreate);
      const [fault, ...more] = reply.json.context.invalid;
      assert.equal(more.length, 0);
      assert.equal(fault?.field, '');
      assert.equal(fault?.description, 'must be a JSON object');
    });
  }
});

test('objects as deep as a body can be are refused for what they are', async (t) => {
  const gateway = await startTestGateway(t);
  const depth = 2_700;
  const body = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  assert.ok(body.length > 16_000 && body.length <= 16_384);
  const reply = await assertRefused(gateway, () => post(gateway, body), invalidCreate);
  assert.deepEqual(reply.json.context.missing.length, 5);
  assert.deepEqual(reply.json.context.invalid[0]?.field, '/a');
});

test('escapes and spaces in any place that JSON allows are read as what they stand for', async (t) => {
  const gateway = await startTestGateway(t);
  const body = `\r\n\t ${good.replaceAll(':', ' :\t').replace('vpcId', 'vpc\\u0049d').replace('us-east-1', '\\u0075s-east-1')}\n`;
  const reply = await post(gateway, body);
  assert.equal(reply.status, 201, reply.text);
  assert.equal(gateway.forwarded()[0]?.body, good);
});
