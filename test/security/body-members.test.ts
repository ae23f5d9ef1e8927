// The members of a create's body: exactly five, each of one form. Everything that is wrong is named at once, in words that
// help, and an attacker's names are neither believed nor echoed without bound.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRefused } from '../support/assert-refused.ts';
import { allowed, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { invalidCreate, post, unlimited } from '../support/post.ts';

const members = ['vpcId', 'cidrBlock', 'accountId', 'region', 'isSecureConnection'];
const type = 'urn:aerospike:errors:validation:failed';

const refuse = (gateway: TestGateway, body: unknown) =>
  assertRefused(
    gateway,
    () => post(gateway, typeof body === 'string' ? body : JSON.stringify(body)),
    invalidCreate,
  );

test('every member that is missing is named, and nothing else', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await refuse(gateway, {});
  assert.deepEqual(reply.json.context, { missing: members.map((name) => `/${name}`) });
  for (const name of members) {
    await t.test(name, async () => {
      const one = await refuse(gateway, { ...allowed, [name]: undefined });
      assert.deepEqual(one.json.context, { missing: [`/${name}`] });
    });
  }
});

test('missing, wrong and unknown members are all reported by one answer', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await refuse(gateway, { vpcId: 'x', cidrBlock: 7, region: 'us-east-1', extra: 1 });
  const { missing, invalid } = reply.json.context;
  assert.deepEqual(missing, ['/accountId', '/isSecureConnection']);
  assert.deepEqual(invalid.map(({ field }: { field: string }) => field).sort(), [
    '/cidrBlock',
    '/extra',
    '/vpcId',
  ]);
});

test('faults of the path, the query and the body are reported by one answer', async (t) => {
  const gateway = await startTestGateway(t);
  const path = '/database/clusters/not-a-uuid/vpc-peerings?x=1';
  const body = JSON.stringify({ ...allowed, region: 'moon' });
  const reply = await assertRefused(gateway, () => post(gateway, body, { path }), invalidCreate);
  const fields = reply.json.context.invalid.map(({ field }: { field: string }) => field);
  assert.deepEqual(fields.sort(), ['/clusterId', '/region', '/x']);
});

const strings = [null, 17, true, [], {}, ['10.20.4.0/22'], ''];
const wrong: Readonly<Record<string, readonly [expected: RegExp, values: readonly unknown[]]>> = {
  vpcId: [
    /must be (a string|a VPC id such as vpc-)/,
    [
      ...strings,
      'vpc-',
      'vpc-0123456',
      'vpc-012345678',
      'vpc-0123456789abcdef',
      'vpc-0123456789ABCDEF0',
      'vpc-0123456789abcdef0 ',
      ' vpc-0123456789abcdef0',
      'vpc-0123456789abcdef0\n',
      'vpc-0123456789abcdefg',
      'VPC-0123456789abcdef0',
      'subnet-0123456789abcdef0',
      'vpc-０１２３４５６７',
    ],
  ],
  accountId: [
    /must be (a string|an AWS account: a string of 12 digits)/,
    [
      ...strings,
      111_122_223_333,
      '11112222333',
      '1111222233333',
      '1111-2222-3333',
      '11112222333x',
      '١١١١٢٢٢٢٣٣٣٣',
      '111122223333\n',
    ],
  ],
  region: [
    /must be (a string|an AWS region such as us-east-1)/,
    [
      ...strings,
      'us-east',
      'US-EAST-1',
      'us_east_1',
      'us-east-1a',
      'us-east-1 ',
      'us-east-1\n',
      'useast1',
      'us--1',
      '*',
      'us-east-100',
    ],
  ],
  isSecureConnection: [/must be true or false/, [null, 'true', 'false', 0, 1, '', [], {}, [true]]],
};

test('a value that is not of its member’s form is refused with a description of what would pass', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  for (const [name, [expected, values]] of Object.entries(wrong)) {
    for (const value of values) {
      await t.test(`${name} ${JSON.stringify(value)}`, async () => {
        const reply = await refuse(gateway, { ...allowed, [name]: value });
        assert.equal(reply.json.context.missing, undefined);
        const [fault, ...more] = reply.json.context.invalid;
        assert.deepEqual(more, []);
        assert.equal(fault?.field, `/${name}`);
        assert.equal(fault?.type, type);
        assert.match(String(fault?.description), expected);
      });
    }
  }
  assert.equal(gateway.cloud.connections, 0);
});

const blocks: Readonly<Record<string, RegExp>> = {
  '999.1.1.1/99': /octet over 255: 999/,
  '256.0.0.0/8': /octet over 255: 256/,
  '10.0.0.0/33': /prefix length over 32: 33/,
  '10.0.0.0/99': /prefix length over 32: 99/,
  '10.20.4.1/22': /host bits set: the \/22 network here is 10\.20\.4\.0\/22/,
  '10.20.5.0/22': /host bits set: the \/22 network here is 10\.20\.4\.0\/22/,
  '10.20.4.0/0': /host bits set: the \/0 network here is 0\.0\.0\.0\/0/,
  '010.20.4.0/22': /octet with a leading zero: 010/,
  '10.020.4.0/22': /octet with a leading zero: 020/,
  '10.20.4.00/22': /octet with a leading zero: 00/,
  '10.20.4.0/08': /prefix length with a leading zero: 08/,
  '10.20.4.0/022': /IPv4 network such as/,
  '10.20.4.0': /IPv4 network such as/,
  '10.20.4/22': /IPv4 network such as/,
  '10.20.4.0/': /IPv4 network such as/,
  '10.20.4.0/-1': /IPv4 network such as/,
  '10.20.4.0/+22': /IPv4 network such as/,
  '10.20.4.0/22.0': /IPv4 network such as/,
  '10.20.4.0/255.255.252.0': /IPv4 network such as/,
  '10.20.4.0.0/22': /IPv4 network such as/,
  '0x0a.20.4.0/22': /IPv4 network such as/,
  '169083904/22': /IPv4 network such as/,
  ' 10.20.4.0/22': /IPv4 network such as/,
  '10.20.4.0/22 ': /IPv4 network such as/,
  '10.20.4.0/22\n': /IPv4 network such as/,
  '10.20.4.0 /22': /IPv4 network such as/,
  '10.20.4.0/22,10.0.0.0/8': /IPv4 network such as/,
  '１０.20.4.0/22': /IPv4 network such as/,
  '2001:db8::/32': /IPv4 network such as/,
  '::ffff:10.20.4.0/118': /IPv4 network such as/,
  'localhost/22': /IPv4 network such as/,
};

test('a block that is no real IPv4 network in its one spelling is refused, with the mistake in words', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  for (const [cidrBlock, expected] of Object.entries(blocks)) {
    await t.test(JSON.stringify(cidrBlock), async () => {
      const reply = await refuse(gateway, { ...allowed, cidrBlock });
      const [fault, ...more] = reply.json.context.invalid;
      assert.deepEqual(more, []);
      assert.equal(fault?.field, '/cidrBlock');
      assert.match(String(fault?.description), expected);
    });
  }
  for (const value of strings) {
    await t.test(JSON.stringify(value), async () => {
      const reply = await refuse(gateway, { ...allowed, cidrBlock: value });
      assert.equal(reply.json.context.invalid[0]?.field, '/cidrBlock');
    });
  }
  assert.equal(gateway.cloud.connections, 0);
});
