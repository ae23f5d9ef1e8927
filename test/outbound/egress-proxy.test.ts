// The egress proxy: everything that leaves for other machines goes through it, loopback never does, and what it does wrong is
// told apart from what Aerospike Cloud does wrong. Servers of other machines are reached as 0.0.0.0, which is this machine,
// too, and no loopback address.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, createServer as createPlainServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createServer } from 'node:tls';
import { type AerospikeCloud, startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import {
  makeAuthority,
  makeCertificate,
  noOpenssl,
  type Pair,
  trustAuthority,
} from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { startCollector } from '../telemetry/otlp-receiver.ts';
import { silentPort } from '../upstream/silent-port.ts';
import { noTinyproxy, startTinyproxy } from './tinyproxy.ts';

const skip = noTinyproxy || noOpenssl;
const credentials = 'gateway:proxy-password';

/** TLS on a port of loopback in front of a plain server. Returns the open connections, too. */
async function startTls(test: TestContext, certificate: Pair, target: number) {
  const sockets = new Set<Socket>();
  const server = createServer(
    { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) },
    (near) => {
      const far = connect(target, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(socket);
        socket.pipe(other);
        socket
          .on('error', () => undefined)
          .on('close', () => {
            sockets.delete(socket);
            other.destroy();
          });
      }
    },
  ).on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as { port: number }).port, connections: () => sockets.size / 2 };
}

const portOf = (url: string): number => Number(new URL(url).port);

/** Aerospike Cloud, its token endpoint and an issuer as on other machines. */
async function startElsewhere(test: TestContext, host = 'IP:0.0.0.0') {
  const folder = temporaryFolder();
  const authority = makeAuthority(folder, 'elsewhere');
  trustAuthority(test, authority);
  const certificate = makeCertificate(folder, 'server', authority, 2, host);
  const [cloud, issuer] = [await startAerospikeCloud(), await startIssuer()];
  test.after(() => Promise.all([cloud.close(), issuer.close()]));
  const cloudTls = await startTls(test, certificate, portOf(cloud.apiUrl));
  const issuerTls = await startTls(test, certificate, portOf(issuer.url));
  const environment = {
    AEROSPIKE_API_URL: cloud.apiUrl.replace(/^http:..[^/]*/, `https://0.0.0.0:${cloudTls.port}`),
    AEROSPIKE_TOKEN_URL: cloud.tokenUrl.replace(/^http:..[^/]*/, `https://0.0.0.0:${cloudTls.port}`),
    AEROSPIKE_CLIENT_ID: cloud.clientId,
    AEROSPIKE_CLIENT_SECRET: cloud.clientSecret,
    AUTH_JWKS_URI: `https://0.0.0.0:${issuerTls.port}/jwks`,
    PREFLIGHT: 'enforce',
  };
  return { cloud, issuer, environment, cloudPort: cloudTls.port, issuerPort: issuerTls.port, cloudTls };
}

/** Accepts connections and answers nothing. */
async function hungPort(test: TestContext): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createPlainServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}

const posts = (cloud: AerospikeCloud): number =>
  cloud.requests.filter(({ method, path }) => method === 'POST' && path.startsWith('/v1/')).length;

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
    assert.match(line.err.cause.cause.message, typeof said === 'string' ? new RegExp(`^${said}$`) : said);
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
