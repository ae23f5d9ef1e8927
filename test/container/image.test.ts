// The image, built and run: what is in it, as whom it runs, and that it does its work with nowhere to write.

import assert from 'node:assert/strict';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { surround } from '../acceptance/process.ts';
import { freePort } from '../support/free-port.ts';
import { allowed, send } from '../support/gateway.ts';
import { audience } from '../support/issuer.ts';
import { until } from '../support/until.ts';
import { developmentPackages, productionPackages } from './dockerfile.ts';
import { buildImage, docker, inspect, listFiles, noEngine, runOnce, startContainer } from './engine.ts';

/** What is read of the configuration of an image. */
interface ImageConfig {
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly User: string;
}

interface LogLine {
  readonly msg: string;
  readonly port?: number;
}

const megabyte = 1_000_000;

/** Everything that a test of a running gateway needs. */
async function startGatewayContainer(t: TestContext) {
  const place = await surround(t);
  // mkdtemp makes folders for their owner alone, who is another one than the image's user.
  await chmod(place.folder, 0o755);
  const adminPort = await freePort();
  const settings = {
    HOST: '127.0.0.1',
    PORT: '0',
    ADMIN_PORT: String(adminPort),
    AUTH_ISSUERS: place.issuer.url,
    AUTH_AUDIENCE: audience,
    AEROSPIKE_API_URL: place.cloud.apiUrl,
    AEROSPIKE_TOKEN_URL: place.cloud.tokenUrl,
    AEROSPIKE_CLIENT_ID: place.cloud.clientId,
    AEROSPIKE_CLIENT_SECRET: place.cloud.clientSecret,
    POLICY_FILE: '/etc/peergate/policy.yaml',
    RATE_LIMIT_PER_MINUTE: '0',
    RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
  };
  const options = [
    `--volume=${place.folder}:/etc/peergate:ro`,
    ...Object.entries(settings).map(([name, value]) => `--env=${name}=${value}`),
  ];
  return { ...place, adminPort, options };
}

describe('the container image', { skip: noEngine, concurrency: false }, () => {
  let image = '';
  let files: string[] = [];

  before(
    async () => {
      image = await buildImage('--build-arg', 'SOURCE=https://example.com/peergate');
      const container = await docker('create', image);
      files = (await listFiles(container)).filter(
        (line) => !/ (dev|proc|sys|etc\/(hosts|hostname|resolv\.conf|mtab)|\.dockerenv)(\/|$| )/.test(line),
      );
      await docker('rm', container);
    },
    { timeout: 600_000 },
  );

  after(async () => {
    if (image !== '') await docker('rmi', '--force', image);
  });

  /** Paths without their mode and owner. */
  const paths = () => files.map((line) => `/${line.replace(/^(?:\S+\s+){5}/, '').replace(/ -> .*$/, '')}`);

  test('it is smaller than 250 MB, Node included', async () => {
    const size = Number(await docker('image', 'inspect', '--format', '{{.Size}}', image));
    assert.ok(size > 100 * megabyte && size < 250 * megabyte, `${size}`);
  });

  test('it holds the production packages and none for development', () => {
    const present = new Set(paths());
    for (const path of productionPackages) assert.ok(present.has(`/app/${path}/package.json`), path);
    for (const path of developmentPackages) assert.ok(!present.has(`/app/${path}/`), path);
  });

  test('it holds no shell, no package manager, no test, no repository and no key', () => {
    const unwanted =
      /\/(?:sh|bash|dash|busybox|apt|dpkg|npm|npx|corepack|yarn)$|^\/app\/(?:test|sandbox|bench|docs|\.\w)|\.git\/|\.npmrc$|\.(?:pem|key|jwk|env|map)$|\.test\.ts$/;
    assert.deepEqual(
      paths().filter((path) => unwanted.test(path)),
      [],
    );
    const known = /^\/(?:app|etc|lib|lib64|usr|var)\/|^\/$/;
    assert.deepEqual(
      paths().filter((path) => !known.test(path)),
      [],
    );
  });

  test("every file is root's, and nobody else may write any", () => {
    assert.ok(files.length > 1000);
    for (const line of files) {
      assert.match(line, /^(?:l|[-d][rwx-]{4}-[rwxst-]{2}-)\S* +(?:root\/root|0\/0) /, line);
    }
  });

  test('its variables and labels hold what the build was told, and nothing secret', async () => {
    const {
      Env: variables,
      Labels: labels,
      User: user,
    } = JSON.parse(await inspect(image, '{{json .Config}}')) as ImageConfig;
    assert.deepEqual(variables, [
      'PATH=/usr/local/bin',
      'NODE_ENV=production',
      'NODE_COMPILE_CACHE=/app/node_modules/.cache/peergate',
      'NODE_OPTIONS=--max-semi-space-size=16',
    ]);
    assert.equal(user, '1000:1000');
    assert.equal(labels['org.opencontainers.image.source'], 'https://example.com/peergate');
    assert.equal(labels['org.opencontainers.image.title'], 'peergate');
  });

  test('no folder of it can be written by its user, on a root file system that can be', async () => {
    const places = paths().filter((path) => path.endsWith('/'));
    const script = `
      const { writeFileSync } = require('node:fs');
      const places = JSON.parse(process.env.PLACES);
      const written = places.filter((place) => {
        try { writeFileSync(place + 'probe', ''); return true; } catch { return false; }
      });
      console.log(JSON.stringify({ uid: process.getuid(), written }));`;
    const { status, out, err } = await runOnce(
      image,
      ['--entrypoint=node', `--env=PLACES=${JSON.stringify(['/', '/tmp/', ...places])}`],
      '--eval',
      script,
    );
    assert.deepEqual([status, err], [0, '']);
    const { uid, written } = JSON.parse(out) as { readonly uid: number; readonly written: readonly string[] };
    assert.equal(uid, 1000);
    assert.ok(places.length > 100);
    assert.deepEqual(written, []);
  });

  test('check reads a mounted policy and ends with 0, and with 1 when it is bad', async (t) => {
    const { folder, options } = await startGatewayContainer(t);
    const good = await runOnce(image, ['--read-only', ...options], 'check');
    assert.deepEqual([good.status, good.err], [0, '']);
    assert.match(good.out, /in order/);
    await writeFile(join(folder, 'policy.yaml'), 'version: 2\n');
    const bad = await runOnce(image, ['--read-only', ...options], 'check');
    assert.equal(bad.status, 1);
    assert.match(bad.err, /policy\.yaml:1:10/);
  });

  test('it runs read-only and confined, serves, notices a new policy, and stops in order', async (t) => {
    const { folder, issuer, cloud, creates, adminPort, options } = await startGatewayContainer(t);
    const id = await startContainer(t, image, ['--health-interval=1s', ...options]);
    const logs = async () =>
      (await docker('logs', id))
        .split('\n')
        .filter(Boolean)
        .map((line): LogLine => JSON.parse(line));
    const said = async (msg: string) => (await logs()).find((entry) => entry.msg === msg);
    await until('it listens', async () => (await said('listening')) !== undefined, 60_000);
    const admin = `http://127.0.0.1:${adminPort}`;
    await until('it is ready', async () => (await send(admin, { path: '/readyz' })).status === 200, 60_000);
    assert.equal((await send(admin, { path: '/healthz' })).status, 200);

    const status = await readFile(`/proc/${await inspect(id, '{{.State.Pid}}')}/status`, 'utf8');
    assert.match(status, /^Uid:\t1000\t1000\t1000\t1000$/m);
    assert.match(status, /^Gid:\t1000\t1000\t1000\t1000$/m);
    assert.match(status, /^NSpid:\t\d+\t1$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.match(status, /^CapEff:\t0+$/m);

    await until(
      'the health check passes',
      async () => (await inspect(id, '{{.State.Health.Status}}')) === 'healthy',
      60_000,
    );

    const url = `http://127.0.0.1:${(await said('listening'))?.port}`;
    const headers = { authorization: `Bearer ${await issuer.sign()}`, 'content-type': 'application/json' };
    const create = await send(url, { method: 'POST', headers, body: JSON.stringify(allowed) });
    assert.equal(create.status, 201);
    assert.equal(creates.length, 1);
    assert.equal((await send(url, { path: '/docs' })).status, 200);

    const policy = await readFile(join(folder, 'policy.yaml'), 'utf8');
    await writeFile(join(folder, 'next.yaml'), policy.replace('organization: acme', 'organization: renamed'));
    await rename(join(folder, 'next.yaml'), join(folder, 'policy.yaml'));
    await until('the new policy is in force', async () => {
      const effective = await send(url, { path: '/policy/effective', headers });
      return effective.json.organization === 'renamed';
    });

    await docker('stop', '--time=60', id);
    assert.equal(await inspect(id, '{{.State.ExitCode}}'), '0');
    assert.notEqual(await said('stopped'), undefined);
    const output = await docker('logs', id);
    assert.ok(!output.includes(cloud.clientSecret) && !output.includes(headers.authorization.slice(7)));
  });
});
