// HOST=:: serves IPv4 and IPv6 on one port, on the public listener and on that of the probes, and both kinds of address count as
// themselves.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { peeringsPath, send, startTestGateway } from '../../support/gateway.ts';

const skip = Object.values(networkInterfaces())
  .flat()
  .some((network) => network?.address === '::1')
  ? false
  : 'this machine has no IPv6 loopback address';

test('with HOST=:: callers and probes of both address families are served, and recorded by their addresses', {
  skip,
}, async (t) => {
  const gateway = await startTestGateway(t, { environment: { HOST: '::' } });
  const headers = { authorization: `Bearer ${await gateway.issuer.sign()}` };
  const adminPort = new URL(gateway.adminUrl).port;
  for (const [host, address] of [
    ['[::1]', '::1'],
    ['127.0.0.1', '127.0.0.1'],
  ] as const) {
    const answer = await send(`http://${host}:${gateway.port}`, { path: peeringsPath, headers });
    assert.equal(answer.status, 200);
    assert.equal(gateway.records.at(-1)?.src_endpoint.ip, address);
    for (const path of ['/healthz', '/readyz'])
      assert.equal((await send(`http://${host}:${adminPort}`, { path })).status, 200, `${host}${path}`);
  }
});

test('with HOST=:: an ingress that connects by IPv4 is trusted by its IPv4 address, and one by IPv6 by its own', {
  skip,
}, async (t) => {
  const environment = { HOST: '::', TRUST_PROXY: '127.0.0.1,::1' };
  const gateway = await startTestGateway(t, { environment });
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const headers = { authorization, 'x-forwarded-for': '2001:db8::17' };
  for (const host of ['[::1]', '127.0.0.1']) {
    await send(`http://${host}:${gateway.port}`, { path: peeringsPath, headers });
    assert.equal(gateway.records.at(-1)?.src_endpoint.ip, '2001:db8::17');
  }
});
