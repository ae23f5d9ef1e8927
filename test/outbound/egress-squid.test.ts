// The egress proxy once more, with Squid: by http and by https, with credentials, and in every state that a proxy can be in.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeAuthority, makeCertificate, noOpenssl } from '../support/certificates.ts';
import { freePort } from '../support/free-port.ts';
import { startTestGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { hungPort, posts, startElsewhere } from './elsewhere.ts';
import { noSquid, startSquid } from './squid.ts';

const skip = noSquid || noOpenssl;
const credentials = 'gateway:proxy-password';

type Elsewhere = Awaited<ReturnType<typeof startElsewhere>>;

/** The token and the keys are near, so that the create itself meets the proxy. */
const onlyTheApi = ({ cloud, issuer, environment }: Elsewhere) => ({
  ...environment,
  AEROSPIKE_TOKEN_URL: cloud.tokenUrl,
  AUTH_JWKS_URI: `${issuer.url}/jwks`,
  PREFLIGHT: 'off',
});

for (const scheme of ['http', 'https'] as const) {
  const certificateFor = ({ folder, authority }: Elsewhere) =>
    scheme === 'http' ? {} : { certificate: makeCertificate(folder, 'proxy', authority) };

  test(`keys, tokens and creates go through a proxy by ${scheme} with credentials, which are never shown`, {
    skip,
  }, async (t) => {
    const elsewhere = await startElsewhere(t);
    const { cloud, issuer, environment, cloudPort, issuerPort } = elsewhere;
    const squid = await startSquid(t, { credentials, ...certificateFor(elsewhere) });
    const settings = { ...environment, HTTPS_PROXY: `${scheme}://${credentials}@127.0.0.1:${squid.port}` };
    const gateway = await startTestGateway(t, { issuer, environment: settings });
    const answer = await gateway.create();
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.headers['proxy-status'], 'peergate; received-status=201');
    assert.equal(posts(cloud), 1);
    assert.ok(!gateway.output().includes('proxy-password'));
    await gateway.stop();
    await until('the tunnels have ended', () => squid.requests().length > 1);
    assert.deepEqual(
      new Set(squid.requests()),
      new Set([`0.0.0.0:${issuerPort} 200`, `0.0.0.0:${cloudPort} 200`]),
    );
  });

  test(`time limits, connection limits and TLS errors are those of Aerospike Cloud through a proxy by ${scheme}`, {
    skip,
  }, async (t) => {
    const elsewhere = await startElsewhere(t);
    const { cloud, issuer, cloudTls } = elsewhere;
    const squid = await startSquid(t, { credentials, ...certificateFor(elsewhere) });
    const settings = {
      ...onlyTheApi(elsewhere),
      HTTPS_PROXY: `${scheme}://${credentials}@127.0.0.1:${squid.port}`,
      UPSTREAM_CONNECTIONS: '2',
      UPSTREAM_TIMEOUT_MS: '1500',
    };
    const gateway = await startTestGateway(t, { issuer, environment: settings });
    let most = 0;
    cloud.setFault(() => {
      most = Math.max(most, cloudTls.connections());
      return undefined;
    });
    const headers = { authorization: `Bearer ${await issuer.sign()}` };
    const answers = await Promise.all(Array.from({ length: 8 }, () => gateway.call({ headers })));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
    assert.equal(most, 2);

    cloud.setFault(({ method, path }) =>
      method === 'POST' && path.startsWith('/v1/') ? () => undefined : undefined,
    );
    await assertFailure(gateway, 504, 'http_response_timeout; details="upstream-timeout"', 'maybe');

    // Its certificate is for another host.
    const wrong = await startElsewhere(t, 'IP:127.0.0.1');
    const mismatch = await startTestGateway(t, {
      issuer: wrong.issuer,
      environment: { ...onlyTheApi(wrong), HTTPS_PROXY: settings.HTTPS_PROXY },
    });
    await assertFailure(mismatch, 502, 'tls_certificate_error; details="upstream-unreachable"', 'no');
  });
}

type Gateway = Awaited<ReturnType<typeof startTestGateway>>;

/** A create ends with this status, `Proxy-Status` and `context.sent`, in the record likewise. */
async function assertFailure(gateway: Gateway, status: number, proxyStatus: string, sent: string) {
  const answer = await gateway.create();
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers['proxy-status'], `peergate; error=${proxyStatus}`);
  assert.equal(answer.json.context.sent, sent);
  const outcome = gateway.records.at(-1);
  assert.deepEqual([outcome?.status_id, outcome?.unmapped.upstream.sent], [sent === 'no' ? 2 : 0, sent]);
}

const failures: readonly (readonly [
  what: string,
  start: (t: TestContext, elsewhere: Elsewhere) => Promise<string>,
  status: number,
  proxyError: string,
  logged: RegExp,
])[] = [
  [
    'refuses the credentials',
    async (t) => `http://gateway:wrong@127.0.0.1:${(await startSquid(t, { credentials })).port}`,
    502,
    'proxy_configuration_error',
    /^the egress proxy answered CONNECT with status 407$/,
  ],
  [
    'forbids the host',
    async (t) => `http://127.0.0.1:${(await startSquid(t, { denyAll: true })).port}`,
    502,
    'proxy_configuration_error',
    /^the egress proxy answered CONNECT with status 403$/,
  ],
  [
    'is frozen',
    async (t) => {
      const squid = await startSquid(t);
      squid.freeze();
      return `http://127.0.0.1:${squid.port}`;
    },
    504,
    'connection_timeout',
    /^the egress proxy opened no tunnel in time$/,
  ],
  [
    'has a certificate of an unknown authority',
    async (t) => {
      const folder = temporaryFolder();
      const certificate = makeCertificate(folder, 'proxy', makeAuthority(folder, 'unknown'));
      return `https://127.0.0.1:${(await startSquid(t, { certificate })).port}`;
    },
    502,
    'tls_certificate_error',
    /^the egress proxy failed: tls_certificate_error$/,
  ],
  [
    'has a certificate for another host',
    async (t, { folder, authority }) => {
      const certificate = makeCertificate(folder, 'proxy', authority, 2, 'DNS:other.example');
      return `https://127.0.0.1:${(await startSquid(t, { certificate })).port}`;
    },
    502,
    'tls_certificate_error',
    /^the egress proxy failed: tls_certificate_error$/,
  ],
  [
    'speaks no TLS although its URL has https',
    async (t) => `https://127.0.0.1:${(await startSquid(t)).port}`,
    502,
    'tls_protocol_error',
    /^the egress proxy failed: tls_protocol_error$/,
  ],
  [
    'does not finish its TLS handshake',
    async (t) => `https://127.0.0.1:${await hungPort(t)}`,
    504,
    'connection_timeout',
    /^the egress proxy (opened no tunnel in time|failed: connection_timeout)$/,
  ],
];

for (const [what, start, status, proxyError, logged] of failures)
  test(`a proxy that ${what} is told apart from Aerospike Cloud in answer and log, and nothing was sent`, {
    skip,
  }, async (t) => {
    const elsewhere = await startElsewhere(t);
    const environment = {
      ...onlyTheApi(elsewhere),
      HTTPS_PROXY: await start(t, elsewhere),
      UPSTREAM_CONNECT_TIMEOUT_MS: '500',
    };
    const gateway = await startTestGateway(t, { issuer: elsewhere.issuer, environment });
    await assertFailure(gateway, status, `${proxyError}; details="egress-proxy"`, 'no');
    const line = gateway.logs.findLast(({ level, err }) => level === 'error' && err !== undefined);
    assert.match(String(line?.err.cause.cause.message), logged);
    assert.equal(posts(elsewhere.cloud), 0);
  });

test('a host that the proxy cannot reach is told from one that it forbids', { skip }, async (t) => {
  const elsewhere = await startElsewhere(t);
  const squid = await startSquid(t);
  const environment = {
    ...onlyTheApi(elsewhere),
    AEROSPIKE_API_URL: `https://0.0.0.0:${await freePort()}/v1`,
    HTTPS_PROXY: `http://127.0.0.1:${squid.port}`,
  };
  const gateway = await startTestGateway(t, { issuer: elsewhere.issuer, environment });
  await assertFailure(gateway, 502, 'destination_unavailable; details="egress-proxy"', 'no');
});

for (const [what, settingsOf] of [
  [
    'for the service token',
    ({ environment }: Elsewhere) => ({ AEROSPIKE_TOKEN_URL: environment.AEROSPIKE_TOKEN_URL }),
  ],
  ['during the preflight', () => ({ PREFLIGHT: 'enforce' })],
] as const)
  test(`a proxy that fails ${what} is named, too`, { skip }, async (t) => {
    const elsewhere = await startElsewhere(t);
    const environment = {
      ...onlyTheApi(elsewhere),
      ...settingsOf(elsewhere),
      HTTPS_PROXY: `http://127.0.0.1:${await freePort()}`,
    };
    const gateway = await startTestGateway(t, { issuer: elsewhere.issuer, environment });
    const answer = await gateway.create();
    assert.equal(answer.status, 502);
    const proxyStatus = 'peergate; error=connection_refused; details="egress-proxy"';
    assert.equal(answer.headers['proxy-status'], proxyStatus);
    assert.equal(answer.json.context.sent, 'no');
  });

test('a create during which the proxy dies may have been received, and the next says that the proxy is gone', {
  skip,
}, async (t) => {
  const elsewhere = await startElsewhere(t);
  const { cloud, issuer } = elsewhere;
  const squid = await startSquid(t);
  cloud.setFault(({ method, path }) =>
    method === 'POST' && path.startsWith('/v1/') ? () => void squid.kill() : undefined,
  );
  const environment = { ...onlyTheApi(elsewhere), HTTPS_PROXY: `http://127.0.0.1:${squid.port}` };
  const gateway = await startTestGateway(t, { issuer, environment });
  await assertFailure(gateway, 502, 'connection_terminated; details="upstream-unreachable"', 'maybe');
  assert.equal(posts(cloud), 1);
  await assertFailure(gateway, 502, 'connection_refused; details="egress-proxy"', 'no');
});
