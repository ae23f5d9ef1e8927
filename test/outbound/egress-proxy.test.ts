// The egress proxy: everything that leaves for other machines goes through it, loopback never does, and what it does wrong is
// told apart from what Aerospike Cloud does wrong. Servers of other machines are reached as 0.0.0.0, which is this machine,
// too, and no loopback address.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { OutboundAgent } from '../../src/outbound/agent.ts';
import { exchange } from '../../src/outbound/exchange.ts';
import { noOpenssl } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { startCollector } from '../telemetry/otlp-receiver.ts';
import { silentPort } from '../upstream/silent-port.ts';
import { hungPort, portOf, posts, startElsewhere, startHung } from './elsewhere.ts';
import { noTinyproxy, startTinyproxy } from './tinyproxy.ts';

const skip = noTinyproxy || noOpenssl;
const credentials = 'gateway:proxy-password';

for (const [what, userInfo] of [
  ['without credentials', ''],
  ['with credentials, which are never shown', `${credentials}@`],
] as const)
  test(`keys, tokens and creates go through an egress proxy ${what}`, { skip }, async (t) => {
    const { cloud, issuer, environment, cloudPort, issuerPort } = await startElsewhere(t);
    const proxy = await startTinyproxy(t, userInfo === '' ? undefined : credentials.replace(':', ' '));
    const settings = { ...environment, HTTPS_PROXY: `http://${userInfo}127.0.0.1:${proxy.port}` };
    const gateway = await startTestGateway(t, { issuer, environment: settings });
    const answer = await gateway.create();
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.headers['proxy-status'], 'peergate; received-status=201');
    assert.equal(posts(cloud), 1);
    const seen = new Set(proxy.requests());
    assert.deepEqual(seen, new Set([`CONNECT 0.0.0.0:${issuerPort}`, `CONNECT 0.0.0.0:${cloudPort}`]));
    assert.ok(!gateway.output().includes('proxy-password'));
    const again = await gateway.call({
      headers: { authorization: `Bearer ${await issuer.sign()}` },
    });
    assert.equal(again.status, 200);
    assert.equal(gateway.records.at(-1)?.unmapped.upstream.status, 200);
  });

test('loopback is never proxied, and a host of NO_PROXY is not', { skip }, async (t) => {
  const { cloud, issuer, environment } = await startElsewhere(t);
  const proxy = await startTinyproxy(t);
  const proxied = { HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: '0.0.0.0' };
  const gateway = await startTestGateway(t, { issuer, environment: { ...environment, ...proxied } });
  assert.equal((await gateway.create()).status, 201);
  const near = await startTestGateway(t, { environment: { ...proxied, NO_PROXY: '' } });
  assert.equal((await near.create()).status, 201);
  assert.equal(posts(cloud), 1);
  assert.deepEqual(proxy.requests(), []);
});

test('HTTP_PROXY alone serves https, and the name in lower case counts first', { skip }, async (t) => {
  const { issuer, environment, cloudPort } = await startElsewhere(t);
  const proxy = await startTinyproxy(t);
  const settings = {
    ...environment,
    http_proxy: `http://127.0.0.1:${proxy.port}`,
    HTTP_PROXY: `http://127.0.0.1:${await freePort()}`,
  };
  const gateway = await startTestGateway(t, { issuer, environment: settings });
  assert.equal((await gateway.create()).status, 201);
  assert.ok(proxy.requests().includes(`CONNECT 0.0.0.0:${cloudPort}`));
});

for (const [what, port, userInfo, status, proxyError, said] of [
  [
    'refuses connections',
    freePort,
    '',
    502,
    'connection_refused',
    'the egress proxy failed: connection_refused',
  ],
  [
    'accepts no connection',
    silentPort,
    '',
    504,
    'connection_timeout',
    'the egress proxy failed: connection_timeout',
  ],
  ['hangs', hungPort, '', 504, 'connection_timeout', 'the egress proxy opened no tunnel in time'],
  [
    'refuses the credentials',
    async (t: TestContext) => (await startTinyproxy(t, 'gateway another-password')).port,
    `${credentials}@`,
    502,
    'proxy_configuration_error',
    /^the egress proxy answered CONNECT with status 40[17]$/,
  ],
] as const)
  test(`a proxy that ${what} is distinguished from Aerospike Cloud in answer and log, and nothing was sent`, {
    skip,
  }, async (t) => {
    const { cloud, issuer, environment } = await startElsewhere(t);
    const settings = {
      ...environment,
      HTTPS_PROXY: `http://${userInfo}127.0.0.1:${await port(t)}`,
      UPSTREAM_CONNECT_TIMEOUT_MS: '500',
      PREFLIGHT: 'off',
      // The token and the keys are near, so that the create itself meets the proxy.
      AEROSPIKE_TOKEN_URL: cloud.tokenUrl,
      AUTH_JWKS_URI: `${issuer.url}/jwks`,
    };
    const gateway = await startTestGateway(t, { issuer, environment: settings });
    const answer = await gateway.create();
    assert.equal(answer.status, status, answer.text);
    const proxyStatus = `peergate; error=${proxyError}; details="egress-proxy"`;
    assert.equal(answer.headers['proxy-status'], proxyStatus);
    assert.equal(answer.json.context.sent, 'no');
    assert.match(answer.json.detail, /egress proxy.*The request was not sent\.$/);
    const outcome = gateway.records.at(-1);
    assert.deepEqual([outcome?.status_id, outcome?.unmapped.upstream.sent], [2, 'no']);
    const line = gateway.logs.findLast(({ level, err }) => level === 'error' && err !== undefined);
    assert.match(
      String(line?.err.cause.cause.message),
      typeof said === 'string' ? new RegExp(`^${said}$`) : said,
    );
    assert.ok(!gateway.output().includes('proxy-password'));
    assert.equal(posts(cloud), 0);
  });

test('a certificate that does not fit is an error of Aerospike Cloud and not of the proxy', {
  skip,
}, async (t) => {
  const { cloud, issuer, environment } = await startElsewhere(t, 'IP:127.0.0.1');
  const proxy = await startTinyproxy(t);
  const settings = {
    ...environment,
    HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
    PREFLIGHT: 'off',
    AEROSPIKE_TOKEN_URL: cloud.tokenUrl,
    AUTH_JWKS_URI: `${issuer.url}/jwks`,
  };
  const gateway = await startTestGateway(t, { issuer, environment: settings });
  const answer = await gateway.create();
  assert.equal(
    answer.headers['proxy-status'],
    'peergate; error=tls_certificate_error; details="upstream-unreachable"',
  );
  assert.equal(answer.json.context.sent, 'no');
});

test('a create that Aerospike Cloud does not answer ends in time through the proxy, as one that may have been received', {
  skip,
}, async (t) => {
  const { cloud, issuer, environment } = await startElsewhere(t);
  const proxy = await startTinyproxy(t);
  cloud.setFault(({ method, path }) =>
    method === 'POST' && path.startsWith('/v1/') ? () => undefined : undefined,
  );
  const settings = {
    ...environment,
    HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
    UPSTREAM_TIMEOUT_MS: '1000',
  };
  const gateway = await startTestGateway(t, { issuer, environment: settings });
  const answer = await gateway.create();
  assert.equal(answer.status, 504);
  assert.equal(
    answer.headers['proxy-status'],
    'peergate; error=http_response_timeout; details="upstream-timeout"',
  );
  assert.equal(answer.json.context.sent, 'maybe');
});

test('through the proxy there are no more connections than UPSTREAM_CONNECTIONS, and they are used again', {
  skip,
}, async (t) => {
  const { cloud, issuer, environment, cloudTls } = await startElsewhere(t);
  const proxy = await startTinyproxy(t);
  let most = 0;
  cloud.setFault(() => {
    most = Math.max(most, cloudTls.connections());
    return undefined;
  });
  const settings = {
    ...environment,
    HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`,
    AUTH_JWKS_URI: `${issuer.url}/jwks`,
    UPSTREAM_CONNECTIONS: '2',
  };
  const gateway = await startTestGateway(t, { issuer, environment: settings });
  const headers = { authorization: `Bearer ${await issuer.sign()}` };
  const answers = await Promise.all(Array.from({ length: 12 }, () => gateway.call({ headers })));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  assert.equal(most, 2);
  assert.equal(proxy.requests().length, 2);
});

for (const scheme of ['http', 'https'])
  test(`tunnels through a proxy by ${scheme} are opened side by side, so that one that hangs holds up no other`, async (t) => {
    const hung = await startHung(t);
    const httpsProxy = `${scheme}://127.0.0.1:${hung.port}`;
    const agent = new OutboundAgent(20_000, 4, { httpProxy: undefined, httpsProxy, noProxy: '' });
    t.after(() => agent.destroy());
    const request = { method: 'GET', url: new URL('https://0.0.0.0:9/'), headers: {} } as const;
    const limits = { timeoutMs: 60_000, maxBytes: 1000 };
    const ends = Array.from({ length: 8 }, () => exchange(agent, request, limits).catch(() => undefined));
    await until('there are as many connections as there may be', () => hung.connections() === 4);
    await agent.destroy();
    await Promise.all(ends);
  });

test('traces go to a collector through the proxy', { skip }, async (t) => {
  const collector = await startCollector(t);
  const proxy = await startTinyproxy(t);
  const endpoint = `http://0.0.0.0:${portOf(collector.url)}`;
  const environment = {
    HTTP_PROXY: `http://127.0.0.1:${proxy.port}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  };
  const gateway = await startTestGateway(t, { environment });
  await gateway.create();
  await until('spans have come', () => collector.requests.length > 0);
  assert.ok(proxy.requests().includes(`POST ${endpoint}/v1/traces`), proxy.requests().join('\n'));
});
