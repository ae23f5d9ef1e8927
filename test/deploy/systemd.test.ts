// The systemd unit: systemd accepts it, it confines the gateway, and the gateway accepts its settings.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { settings } from '../../src/config/schema.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { kubernetes, root } from './manifests.ts';
import { knownVariables, runCheck } from './run-check.ts';

const folder = join(root, 'deploy/systemd');
const unit = readFileSync(join(folder, 'peergate.service'), 'utf8');
const valuesOf = (name: string): string[] =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');

const pairs = (lines: readonly string[]): [string, string][] =>
  lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
const ofNode = ['NODE_ENV', 'NODE_OPTIONS'];
/** As systemd composes it: a line of the file wins over one of the unit. */
const environment: Record<string, string> = Object.fromEntries([
  ...pairs(valuesOf('Environment').flatMap((line) => line.split(' '))).filter(
    ([name]) => !ofNode.includes(name),
  ),
  ...pairs(
    readFileSync(join(folder, 'settings.env'), 'utf8')
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line)),
  ),
]);

const skip =
  spawnSync('systemd-analyze', ['--version']).status === 0
    ? false
    : 'needs systemd-analyze (package systemd)';

function analyze(text: string, ...command: string[]) {
  const temporary = temporaryFolder();
  const path = join(temporary, 'peergate.service');
  // Node and the gateway are where this machine has them.
  writeFileSync(path, text.replace('/usr/bin/node', process.execPath).replaceAll('/opt/peergate', root));
  const { status, stdout, stderr } = spawnSync('systemd-analyze', [...command, path], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

test('systemd accepts the unit without a warning, and would say so if a line were wrong', { skip }, () => {
  assert.deepEqual(analyze(unit, 'verify'), { status: 0, output: '' });
  const wrong = analyze(unit.replace('ProtectSystem=strict', 'ProtectSystm=strict'), 'verify');
  assert.match(wrong.output, /ProtectSystm/);
});

test('the exposure of the unit is at most 1.5 of 10 by the measure of systemd', { skip }, () => {
  const measure = ['security', '--offline=true', '--no-pager', '--threshold=15'];
  assert.equal(analyze(unit, ...measure).status, 0);
  assert.notEqual(analyze(unit.replace('CapabilityBoundingSet=\n', ''), ...measure).status, 0);
});

test('the unit can gain no privilege and write nothing but the audit log', () => {
  for (const [name, value] of [
    ['User', 'peergate'],
    ['NoNewPrivileges', 'yes'],
    ['CapabilityBoundingSet', ''],
    ['ProtectSystem', 'strict'],
    ['ProtectHome', 'yes'],
    ['PrivateTmp', 'yes'],
    ['LogsDirectory', 'peergate'],
    ['LimitCORE', '0'],
  ] as const)
    assert.deepEqual(valuesOf(name), [value], name);
  assert.doesNotMatch(unit, /^(?:ReadWritePaths|StateDirectory|BindPaths)=/m);
  assert.equal(environment['AUDIT_FILE'], '/var/log/peergate/audit.log');
});

test('a stop leaves the time to end what has begun', () => {
  const { SHUTDOWN_GRACE_MS, SHUTDOWN_DELAY_MS = '0' } = environment;
  assert.ok(Number(SHUTDOWN_GRACE_MS) > Number(settings.UPSTREAM_TIMEOUT_MS.fallback));
  const [stop] = valuesOf('TimeoutStopSec');
  assert.ok(Number(stop) >= (Number(SHUTDOWN_GRACE_MS) + Number(SHUTDOWN_DELAY_MS)) / 1000 + 8);
});

test('every variable of the unit is a setting, and no secret stands in one', () => {
  for (const name of Object.keys(environment)) assert.ok(knownVariables.includes(name), name);
});

test('the gateway accepts the settings of the unit with the example policy', () => {
  const example = join(kubernetes, 'overlays/example');
  const files = new Map(
    ['policy.yaml', 'tests.yaml'].map((name) => [
      `/etc/peergate/${name}`,
      readFileSync(join(example, name), 'utf8'),
    ]),
  );
  // A reverse proxy on the machine ends TLS, as the comment of the file says.
  const { TLS_CERT_FILE, TLS_KEY_FILE, ...others } = environment;
  assert.ok(TLS_CERT_FILE !== undefined && TLS_KEY_FILE !== undefined);
  const good = runCheck({ ...others, HOST: '127.0.0.1', TRUST_PROXY: '127.0.0.1' }, files);
  assert.equal(good.status, 0, good.output);
});
