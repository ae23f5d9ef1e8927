// `doctor`, as a process of its own, against real servers: all well, and each thing that can be wrong with its cause and remedy.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AerospikeCloud, startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { checkCertificate } from '../../src/commands/doctor/checks.ts';
import { json } from '../operations/create-peering/watched-creates.ts';
import { portOf, startTls } from '../outbound/elsewhere.ts';
import { noTinyproxy, startTinyproxy } from '../outbound/tinyproxy.ts';
import { noRedis, startRedis } from '../state/redis-server.ts';
import { makeAccess, startCluster, startSentinels } from '../state/redis-topologies.ts';
import { makeAuthority, makeCertificate, noOpenssl } from '../support/certificates.ts';
import { endAtExit } from '../support/child-process.ts';
import { freePort } from '../support/free-port.ts';
import { guardrailsOnly } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { settingsBetween } from '../support/settings.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { finish, root, run } from './run-main.ts';

const isRoot = process.getuid?.() === 0;
const noSetpriv =
  isRoot && spawnSync('setpriv', ['--version']).status !== 0 ? 'needs setpriv of util-linux' : false;

/** Root, too, may write only what its mode says then (capabilities(7), CAP_DAC_OVERRIDE). */
function startWithoutOverride(args: readonly string[], environment: Record<string, string>) {
  const command = [process.execPath, join(root, 'src/main.ts'), ...args];
  if (isRoot) command.unshift('setpriv', '--bounding-set=-dac_override', '--inh-caps=-dac_override');
  const [program = '', ...words] = command;
  return endAtExit(
    spawn(program, words, {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

interface Site {
  readonly cloud: AerospikeCloud;
  readonly issuer: Awaited<ReturnType<typeof startIssuer>>;
  readonly folder: string;
  readonly settings: Record<string, string>;
}

/** Takes over the answers to reads of the clusters. */
function answerClusters(cloud: AerospikeCloud, listener: RequestListener): void {
  cloud.setFault(({ path }) => (path.startsWith('/v1/database/clusters?') ? listener : undefined));
}

async function startSite(t: TestContext): Promise<Site> {
  const [cloud, issuer] = [await startAerospikeCloud(), await startIssuer()];
  t.after(() => Promise.all([cloud.close(), issuer.close()]));
  const folder = temporaryFolder();
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, guardrailsOnly);
  return { cloud, issuer, folder, settings: settingsBetween({ issuer, cloud }, policyFile) };
}

/** Exactly one line is a problem, and it says this. */
async function assertProblem(settings: Record<string, string>, problem: RegExp): Promise<void> {
  const { status, out, err } = await run(['doctor'], settings);
  assert.deepEqual([status, err], [1, ''], out);
  const problems = out.split('\n').filter((line) => line.startsWith('✗'));
  assert.match(problems.join('\n'), problem);
  assert.equal(problems.length, 1, out);
}

test('all well is a line for each thing with a check mark, and nothing was changed or shown', {
  skip: noRedis || noOpenssl,
}, async (t) => {
  const { cloud, issuer, folder, settings } = await startSite(t);
  const redis = await startRedis(t);
  const pair = makeCertificate(folder, 'gateway', makeAuthority(folder, 'authority'), 30);
  const all = {
    ...settings,
    REDIS_URL: redis.url,
    AUDIT_FILE: join(folder, 'audit.log'),
    TLS_CERT_FILE: pair.certFile,
    TLS_KEY_FILE: pair.keyFile,
  };
  const { status, out, err } = await run(['doctor'], all);
  assert.deepEqual([status, err], [0, ''], out);
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/\d+ (days|min)/, 'N $1')),
    [
      '✓ settings and policy: no fault',
      `✓ issuer ${issuer.url}: keys: 1`,
      `✓ token endpoint ${cloud.tokenUrl}: a token for N min`,
      `✓ Aerospike Cloud ${cloud.apiUrl}: clusters can be read`,
      '✓ Redis: answers and takes writes (single)',
      `✓ audit log: ${all.AUDIT_FILE} can be written`,
      '✓ certificate: valid for N days',
      '✓ clock: within 5 s of every server',
    ],
  );
  assert.ok(!out.includes(cloud.clientSecret));
  assert.deepEqual(
    [...new Set(cloud.requests.map(({ method, path }) => `${method} ${path}`))],
    ['POST /oauth/token', 'GET /v1/database/clusters?limit=1'],
  );
  assert.deepEqual(await redis.command('KEYS', '*'), []);
});

test('what is not set is no problem', async (t) => {
  const { settings } = await startSite(t);
  const { status, out } = await run(['doctor'], settings);
  assert.equal(status, 0, out);
  assert.match(out, /^✓ Redis: not set/m);
  assert.match(out, /^✓ audit log: records go to standard output$/m);
  assert.match(out, /^✓ certificate: not set/m);
});

test('a fault of the settings is a problem, and nobody is asked anything', async (t) => {
  const { cloud, settings } = await startSite(t);
  await assertProblem({ ...settings, PORT: 'x' }, /^✗ PORT: found "x"; expected a whole number/);
  assert.equal(cloud.requests.length, 0);
});

test('a file of keys without a usable one is a problem, and the remedy is the file', async (t) => {
  const { folder, settings } = await startSite(t);
  const file = join(folder, 'keys.json');
  await writeFile(file, '{"keys":[]}');
  await assertProblem(
    { ...settings, AUTH_JWKS_FILE: file },
    /^✗ issuer .*: there is no usable key, so none of its tokens can be checked; check the file of its keys, \S+keys\.json$/,
  );
});

test('an issuer that is not there, and metadata that names another one, are told apart', async (t) => {
  const { issuer, settings } = await startSite(t);
  const gone = `http://127.0.0.1:${await freePort()}`;
  await assertProblem(
    { ...settings, AUTH_ISSUERS: `${issuer.url},${gone}` },
    /^✗ issuer http:.*: the connection is refused; check host and port/,
  );
  issuer.takeover = json(200, { issuer: 'https://another.example', jwks_uri: issuer.url });
  await assertProblem(settings, /^✗ issuer .*: the metadata names another issuer.*; check its name/);
});

test('a wrong client secret is told, without the secret, and the read of clusters says what comes first', async (t) => {
  const { settings } = await startSite(t);
  const { status, out } = await run(['doctor'], { ...settings, AEROSPIKE_CLIENT_SECRET: 'a-wrong-secret' });
  assert.equal(status, 1);
  assert.match(out, /^✗ token endpoint .*: .*status 401 \(invalid_client\); check AEROSPIKE_CLIENT_ID and/m);
  assert.match(out, /^✗ Aerospike Cloud .*: there is no token to ask with; mend the token endpoint first$/m);
  assert.ok(!out.includes('a-wrong-secret'));
});

test('a service account without the right to read, and a wrong path of the API, are told apart', async (t) => {
  const { cloud, settings } = await startSite(t);
  answerClusters(cloud, json(403, {}));
  await assertProblem(settings, /^✗ Aerospike Cloud .*status 403; give the service account the right/);
  answerClusters(cloud, json(404, {}));
  await assertProblem(settings, /^✗ Aerospike Cloud .*status 404; check the path of AEROSPIKE_API_URL/);
});

test('a Redis that refuses the password, or is not there, is told by name, without the password', {
  skip: noRedis,
}, async (t) => {
  const { settings } = await startSite(t);
  const { port } = await startRedis(t, { password: 'the-right-one' });
  const wrong = { ...settings, REDIS_URL: `redis://:the-wrong-one@127.0.0.1:${port}` };
  await assertProblem(wrong, /^✗ Redis: WRONGPASS; check REDIS_URL, REDIS_MODE and the rights of its user$/);
  const gone = { ...settings, REDIS_URL: `redis://:the-wrong-one@127.0.0.1:${await freePort()}` };
  await assertProblem(gone, /^✗ Redis: the connection is refused; check host and port/);
});

for (const [mode, start] of [
  ['sentinel', startSentinels],
  ['cluster', startCluster],
] as const)
  test(`a Redis of the mode ${mode}, by TLS and as a user with few rights, is tried as the gateway uses it`, {
    skip: noRedis || noOpenssl,
  }, async (t) => {
    const { settings } = await startSite(t);
    const access = await makeAccess(t);
    const all = { ...settings, ...(await start(t, access)).settings, NODE_EXTRA_CA_CERTS: access.caFile };
    const good = await run(['doctor'], all);
    assert.equal(good.status, 0, good.out);
    assert.match(good.out, new RegExp(`^✓ Redis: answers and takes writes \\(${mode}\\)$`, 'm'));
    const { NODE_EXTRA_CA_CERTS: _, ...untrusting } = all;
    await assertProblem(untrusting, /^✗ Redis: its certificate is not trusted .*NODE_EXTRA_CA_CERTS$/);
  });

test('an audit file, or a folder for one, that cannot be written is a problem', {
  skip: noSetpriv,
}, async (t) => {
  const { folder, settings } = await startSite(t);
  const file = join(folder, 'audit.log');
  await writeFile(file, '', { mode: 0o400 });
  const closed = join(folder, 'closed');
  await mkdir(closed, { mode: 0o500 });
  for (const path of [file, join(closed, 'audit.log')]) {
    const { status, out } = await finish(startWithoutOverride(['doctor'], { ...settings, AUDIT_FILE: path }));
    assert.equal(status, 1);
    assert.match(
      out,
      /^✗ audit log: \S+ cannot be written \(EACCES\); give the user of the gateway the right/m,
    );
  }
});

test('a certificate that soon ends is a problem', { skip: noOpenssl }, async (t) => {
  const { folder, settings } = await startSite(t);
  const pair = makeCertificate(folder, 'gateway', makeAuthority(folder, 'authority'), 3);
  const tls = { TLS_CERT_FILE: pair.certFile, TLS_KEY_FILE: pair.keyFile };
  await assertProblem({ ...settings, ...tls }, /^✗ certificate: it ends in [23] days; renew it/);
});

test('a certificate that ended, or is not valid yet, is a problem', { skip: noOpenssl }, () => {
  const folder = temporaryFolder();
  const pair = makeCertificate(folder, 'gateway', makeAuthority(folder, 'authority'), 30);
  const tls = { ...pair, clientCaFile: undefined };
  const day = 86_400_000;
  assert.match(checkCertificate(tls, Date.now()), /^valid for (29|30) days$/);
  assert.throws(() => checkCertificate(tls, Date.now() + 31 * day), /^Error: it ended on 20/);
  assert.throws(() => checkCertificate(tls, Date.now() - day), /^Error: it is not valid yet/);
});

test('a clock that is ahead of a server or behind it is a problem that names the server', async (t) => {
  const { cloud, settings } = await startSite(t);
  for (const [aheadMs, said] of [
    [90_000, /^✗ clock: this machine is \d+ s ahead of 127\.0\.0\.1:\d+; set the clock by NTP/],
    [-90_000, /^✗ clock: this machine is \d+ s behind 127\.0\.0\.1:\d+; set the clock by NTP/],
  ] as const) {
    answerClusters(cloud, json(200, {}, { date: new Date(Date.now() - aheadMs).toUTCString() }));
    await assertProblem(settings, said);
  }
});

test('an egress proxy that refuses is told apart from the servers behind it', {
  skip: noTinyproxy,
}, async (t) => {
  const { settings } = await startSite(t);
  const { port } = await startTinyproxy(t, 'gateway right');
  const behind = {
    ...settings,
    AUTH_JWKS_URI: 'https://0.0.0.0:9/jwks',
    HTTPS_PROXY: `http://gateway:wrong-password@127.0.0.1:${port}`,
  };
  await assertProblem(
    behind,
    /^✗ issuer .*: the egress proxy answered CONNECT with status 40[17]; check HTTPS_PROXY/,
  );
});

test('an authority of the company is trusted by NODE_EXTRA_CA_CERTS, and without it the remedy says so', {
  skip: noOpenssl,
}, async (t) => {
  const { folder, settings, issuer, cloud } = await startSite(t);
  const authority = makeAuthority(folder, 'company');
  const certificate = makeCertificate(folder, 'server', authority);
  const { port } = await startTls(t, certificate, portOf(cloud.apiUrl));
  const { port: issuerPort } = await startTls(t, certificate, portOf(issuer.url));
  const byTls = {
    ...settings,
    AEROSPIKE_API_URL: `https://127.0.0.1:${port}/v1`,
    AEROSPIKE_TOKEN_URL: `https://127.0.0.1:${port}/oauth/token`,
    AUTH_JWKS_URI: `https://127.0.0.1:${issuerPort}/jwks`,
  };
  const { status, out } = await run(['doctor'], { ...byTls, NODE_EXTRA_CA_CERTS: authority.certFile });
  assert.equal(status, 0, out);
  const without = await run(['doctor'], byTls);
  assert.equal(without.status, 1);
  for (const name of ['issuer', 'token endpoint'])
    assert.match(
      without.out,
      new RegExp(`^✗ ${name} .*: its certificate is not trusted for this host; .*NODE_EXTRA_CA_CERTS$`, 'm'),
    );
});
