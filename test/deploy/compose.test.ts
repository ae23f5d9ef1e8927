// The compose file keeps what the manifests for Kubernetes do: confined containers, secrets as files, an audit file for each
// gateway, time to end in order, and nothing open but nginx.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { settings } from '../../src/config/schema.ts';
import { type ComposeSecret, type ComposeService, compose, deploy, filledIn, gateways } from './compose.ts';
import { kubernetes } from './manifests.ts';
import { knownVariables, runCheck } from './run-check.ts';

const services = Object.entries<ComposeService>(compose.services);
const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;

/** By the Compose Specification; what else is used here has to be looked up there first. */
const members = {
  top: ['name', 'services', 'networks', 'volumes', 'secrets', 'x-confined', 'x-gateway'],
  service: [
    ...[
      'cap_drop',
      'command',
      'depends_on',
      'entrypoint',
      'environment',
      'extra_hosts',
      'healthcheck',
      'hostname',
    ],
    ...[
      'image',
      'logging',
      'mem_limit',
      'networks',
      'ports',
      'read_only',
      'restart',
      'secrets',
      'security_opt',
    ],
    ...['stop_grace_period', 'stop_signal', 'tmpfs', 'user', 'volumes'],
  ],
  volume: ['type', 'source', 'target', 'read_only', 'bind'],
  healthcheck: ['test', 'interval', 'timeout', 'start_period', 'start_interval'],
};

test('the compose file has no member that Compose does not know', () => {
  const unknown = (value: object, known: readonly string[]) =>
    Object.keys(value).filter((name) => !known.includes(name));
  assert.deepEqual(unknown(compose, members.top), []);
  for (const [name, service] of services) {
    assert.deepEqual(unknown(service, members.service), [], name);
    assert.deepEqual(unknown(service.healthcheck, members.healthcheck), [], name);
    for (const volume of service.volumes) assert.deepEqual(unknown(volume, members.volume), [], name);
  }
});

test('no container can be root, gain a privilege or write its root file system, and each is bounded', () => {
  assert.deepEqual(
    services.map(([name]) => name),
    [...gateways, 'valkey', 'nginx'],
  );
  for (const [name, { user, read_only, cap_drop, security_opt, mem_limit, logging, ...rest }] of services) {
    assert.match(user, /^[1-9]\d*:[1-9]\d*$/, name);
    assert.deepEqual([read_only, cap_drop, security_opt], [true, ['ALL'], ['no-new-privileges:true']], name);
    assert.match(mem_limit, /^\d+m$/, name);
    assert.ok(logging.options['max-size'] && logging.options['max-file'], name);
    for (const member of ['privileged', 'cap_add', 'network_mode', 'pid', 'ipc', 'devices'] as const)
      assert.equal(rest[member], undefined, `${name}: ${member}`);
    for (const { source } of rest.volumes) assert.doesNotMatch(source, /^\/|docker\.sock/, name);
  }
});

test('nothing is open but nginx, and nothing names the admin port but health checks', () => {
  for (const [name, { ports }] of services)
    assert.deepEqual(ports, name === 'nginx' ? ['443:8443'] : undefined, name);
  const nginx = readFileSync(join(deploy, 'compose/nginx/nginx.conf'), 'utf8');
  // By default one refused connection keeps a gateway out for 10 s.
  const upstream = [...nginx.matchAll(/^ *server (\S+) ?(.*);$/gm)].map(([, server, options]) => [
    server,
    options,
  ]);
  assert.deepEqual(
    upstream,
    gateways.map((gateway) => [`${gateway}:8080`, 'max_fails=0']),
  );
  for (const [, service] of services) {
    const { healthcheck, ...rest } = service;
    assert.ok(healthcheck.test.length > 1);
    assert.doesNotMatch(JSON.stringify(rest), /9090/);
  }
  assert.equal(compose.networks.state.internal, true);
  assert.deepEqual(compose.services.valkey.networks, ['state']);
});

test('every secret is a file that is mounted, and every one that is mounted is named', () => {
  const named = Object.keys(compose.secrets).sort();
  const mounted = services.flatMap(([, { secrets = [] }]) =>
    secrets.map((one) => (typeof one === 'string' ? one : one.source)),
  );
  assert.deepEqual([...new Set<string>(mounted)].sort(), named);
  for (const { file } of Object.values<ComposeSecret>(compose.secrets))
    assert.match(file, /^\.\/compose\/secrets\//);
  const ignored = readFileSync(join(deploy, 'compose/.gitignore'), 'utf8');
  for (const folder of ['/audit/', '/policy/', '/secrets/'])
    assert.ok(ignored.includes(`${folder}\n`), folder);
});

test('the files of the repository that are mounted exist, and folders of the machine are never made by Docker', () => {
  for (const [, { volumes }] of services) {
    for (const { type, source, bind } of volumes) {
      if (type === 'volume') assert.ok(Object.hasOwn(compose.volumes, source), source);
      else assert.equal(bind.create_host_path, false, source);
      if (type === 'bind' && source.endsWith('.conf')) assert.ok(existsSync(join(deploy, source)), source);
    }
  }
  assert.ok(existsSync(join(kubernetes, 'components/redis/valkey.conf')));
});

for (const name of gateways) {
  const service = compose.services[name];
  const environment: Record<string, string> = Object.fromEntries(
    Object.entries<string>(service.environment).map(([variable, value]) => [variable, filledIn(value)]),
  );

  test(`every variable of ${name} is a setting, and the files that they name are mounted`, () => {
    const mounts = service.volumes.map(({ target }) => `${target}/`);
    for (const [variable, value] of Object.entries(environment)) {
      assert.ok(knownVariables.includes(variable), variable);
      if (!value.startsWith('/')) continue;
      const secret = value.replace('/run/secrets/', '');
      assert.ok(
        service.secrets?.includes(secret) || mounts.some((mount: string) => value.startsWith(mount)),
        value,
      );
    }
  });

  test(`${name} itself accepts its settings and the example of a policy`, () => {
    const overlay = join(kubernetes, 'overlays/example');
    const read = (file: string) => readFileSync(join(overlay, file), 'utf8');
    const files = new Map([
      [String(environment['POLICY_FILE']), read('policy.yaml')],
      [String(environment['POLICY_TESTS_FILE']), read('tests.yaml')],
    ]);
    const run = runCheck(environment, files);
    assert.equal(run.status, 0, run.output);
  });

  test(`${name} writes an audit file of its own, under its own name`, () => {
    const [source] = service.volumes.filter(({ target }) => target === '/var/log/peergate');
    assert.equal(source?.source, `./compose/audit/${name}`);
    assert.equal(source?.read_only, undefined);
    assert.equal(service.hostname, name);
    assert.equal(environment['AUDIT_FILE'], '/var/log/peergate/audit.log');
  });

  test(`${name} believes nginx about addresses and nobody else, and has the time to end`, () => {
    assert.equal(environment['TRUST_PROXY'], compose.services.nginx.networks.front.ipv4_address);
    assert.ok(compose.services.nginx.extra_hosts.includes(`${name}=${service.networks.front.ipv4_address}`));
    const delayMs = Number(environment['SHUTDOWN_DELAY_MS']);
    assert.equal(delayMs, 5000);
    const graceMs = Number(environment['SHUTDOWN_GRACE_MS']);
    assert.ok(graceMs > Number(settings.UPSTREAM_TIMEOUT_MS.fallback));
    assert.ok(Number(/^(\d+)s$/.exec(service.stop_grace_period)?.[1]) >= (delayMs + graceMs) / 1000 + 8);
  });
}

// No package of Debian has it: a machine that does has one test more, rather than the others one skipped.
if (hasCompose) {
  test('docker compose accepts the file', () => {
    const words = ['compose', '-f', join(deploy, 'compose.yaml'), 'config', '--quiet'];
    const given = {
      AUTH_ISSUERS: 'https://idp.acme.example',
      AUTH_AUDIENCE: 'https://peergate.acme.example',
    };
    const ran = spawnSync('docker', words, { encoding: 'utf8', env: { ...process.env, ...given } });
    assert.equal(ran.status, 0, ran.stderr);
  });
}
