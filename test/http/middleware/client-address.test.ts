// The address in the records and the limits: the socket's, or what a trusted ingress says. A caller cannot invent one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

async function recordedAddress(gateway: TestGateway, forwarded: readonly string[], other: string[] = []) {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const headers = [
    'authorization',
    authorization,
    ...forwarded.flatMap((value) => ['x-forwarded-for', value]),
    ...other,
  ];
  assert.equal((await gateway.call({ headers })).status, 200);
  const { ip, ...more } = gateway.records.at(-1)?.src_endpoint ?? assert.fail('no record');
  assert.deepEqual(more, {});
  return ip;
}

test('without a trusted proxy, no header changes the address', async (t) => {
  const gateway = await startTestGateway(t);
  const headers = [
    'forwarded',
    'for=203.0.113.9',
    'x-real-ip',
    '203.0.113.9',
    'x-client-ip',
    '203.0.113.9',
    'via',
    '1.1 203.0.113.9',
  ];
  for (const forwarded of [[], ['203.0.113.9'], ['127.0.0.1'], ['::1'], ['junk']]) {
    assert.equal(await recordedAddress(gateway, forwarded, headers), '127.0.0.1');
  }
});

test('a peer that is not among the trusted ones is not believed', async (t) => {
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: '10.0.0.0/8,127.0.0.2' } });
  assert.equal(await recordedAddress(gateway, ['203.0.113.9']), '127.0.0.1');
});

test('a trusted peer is believed for what it says itself, and nothing is for what stands before that', async (t) => {
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: '127.0.0.0/8,10.0.0.0/8' } });
  const cases: readonly (readonly [readonly string[], string])[] = [
    [[], '127.0.0.1'],
    [['203.0.113.9'], '203.0.113.9'],
    [['198.51.100.1, 203.0.113.9'], '203.0.113.9'],
    [['127.0.0.1, 198.51.100.1, 203.0.113.9'], '203.0.113.9'],
    [['198.51.100.1', '203.0.113.9'], '203.0.113.9'],
    [['203.0.113.9, 10.1.2.3'], '203.0.113.9'],
    [['198.51.100.1, 203.0.113.9, 10.1.2.3, 10.4.5.6'], '203.0.113.9'],
    [['2001:db8::17'], '2001:db8::17'],
    [['2001:DB8:0::17'], '2001:db8::17'],
    [['fe80::1%eth0'], 'fe80::1'],
    [['::ffff:203.0.113.9'], '203.0.113.9'],
    [['203.0.113.9:55123'], '203.0.113.9'],
    [['[2001:db8::17]:55123'], '2001:db8::17'],
    [['[2001:db8::17]'], '2001:db8::17'],
  ];
  for (const [forwarded, expected] of cases) {
    await t.test(forwarded.join(' and ') || 'no header', async () => {
      assert.equal(await recordedAddress(gateway, forwarded), expected);
    });
  }
});

test('junk from a trusted peer leaves the address of the socket', async (t) => {
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: '127.0.0.1' } });
  const junk = [
    'unknown',
    '_hidden',
    '',
    ',',
    ',,,',
    'localhost',
    '999.1.1.1',
    '203.0.113.9.1',
    '203.0.113',
    '0x7f000001',
    '2130706433',
    '203.0.113.9/24',
    'for=203.0.113.9',
    '"203.0.113.9"',
    '203.0.113.9:port',
    '<script>',
    '203.0.113.9 198.51.100.1',
    '1111:2222:3333:4444:5555:6666:255.255.255.256%en0',
    'a'.repeat(8000),
  ];
  for (const value of junk) {
    await t.test(value.slice(0, 40) || 'nothing', async () => {
      assert.equal(await recordedAddress(gateway, [value]), '127.0.0.1');
    });
  }
  assert.doesNotMatch(gateway.output(), /script|a{100}/);
});

test('an address with a zone is recorded without it, however long it is', async (t) => {
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: '127.0.0.1' } });
  const longest = '1111:2222:3333:4444:5555:6666:255.255.255.255%en0';
  assert.equal(await recordedAddress(gateway, [longest]), '1111:2222:3333:4444:5555:6666:ffff:ffff');
});

test('a trusted network may be one of IPv6', async (t) => {
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: '127.0.0.1,2001:db8:1::/48' } });
  assert.equal(await recordedAddress(gateway, ['203.0.113.9, 2001:db8:1::5']), '203.0.113.9');
  assert.equal(await recordedAddress(gateway, ['203.0.113.9, 2001:db8:2::5']), '2001:db8:2::5');
});

const warnings = (gateway: TestGateway) =>
  gateway.logs.filter(({ level, msg }) => level === 'warn' && msg.startsWith('X-Forwarded-For'));

test('the first X-Forwarded-For from an address outside TRUST_PROXY is one warning', async (t) => {
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: '10.0.0.0/8' } });
  await recordedAddress(gateway, []);
  assert.deepEqual(warnings(gateway), []);
  await recordedAddress(gateway, ['203.0.113.9']);
  await recordedAddress(gateway, ['203.0.113.10']);
  const [warning, ...more] = warnings(gateway);
  assert.deepEqual(more, []);
  assert.equal(warning?.clientAddress, '127.0.0.1');
  assert.match(String(warning?.msg), /outside TRUST_PROXY is ignored/);
});

test('X-Forwarded-For from a trusted address is no warning', async (t) => {
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: '127.0.0.1' } });
  await recordedAddress(gateway, ['203.0.113.9']);
  assert.deepEqual(warnings(gateway), []);
});
