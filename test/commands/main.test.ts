// The commands as a person or a script calls them: a process of its own, its output and its exit status.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { request } from 'undici';
import type { Attestation, AuditRecord } from '../support/audit-record.ts';
import { endWithTest } from '../support/child-process.ts';
import { guardrailsOnly } from '../support/gateway.ts';
import { environment, finish, run, start } from './run-main.ts';

test('--help and --version work alone and with every command', async () => {
  for (const args of [['--help'], ['serve', '--help'], ['check', '-h']]) {
    const { status, out, err } = await run(args);
    assert.deepEqual([status, err], [0, '']);
    assert.match(out, /Usage:/);
    for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
  }
  assert.match((await run(['check', '--version'])).out, /^\d+\.\d+\.\d+\n$/);
});

test('a wrong call ends with status 2, the usage on standard error and nothing on standard output', async () => {
  for (const args of [[], ['nonsense'], ['serve', 'x'], ['--bad'], ['check', '--bad']]) {
    const { status, out, err } = await run(args);
    assert.deepEqual([args, status, out], [args, 2, '']);
    assert.match(err, /Usage:/);
  }
});

test('an option that is repeated is a wrong call of every command, whether it has a value or not', async () => {
  const calls = [
    ['audit', 'verify', 'a.log', '--key', 'a.jwk', '--key=b.jwk'],
    ['audit', 'verify', 'a.log', '--json', '--json'],
    ['policy', 'explain', 'p', '--claims', 'a', '--request', 'r', '--claims', 'b'],
    ['check', '-h', '--help'],
    ['--version', '--version'],
  ];
  const ran = await Promise.all(calls.map((call) => run(call)));
  for (const [index, { status, out, err }] of ran.entries()) {
    assert.deepEqual([calls[index], status, out], [calls[index], 2, '']);
    assert.match(err, /^The option --\w+ is there more than once\.\n/);
    assert.match(err, /\nUsage: /);
  }
});

test('check ends with 0 when settings and policy are in order, and prints no secret', async () => {
  const { status, out, err } = await run(['check'], await environment());
  assert.deepEqual([status, err], [0, '']);
  assert.match(out, /in order/);
  assert.doesNotMatch(out, /the-client-/);
});

test('check lists the faults of settings and policy together and ends with 1', async () => {
  const good = await environment(guardrailsOnly.replace('us-east-1', 'mars'));
  const { status, out, err } = await run(['check'], { ...good, PORT: 'many' });
  assert.deepEqual([status, out], [1, '']);
  assert.match(err, /^2 faults:/);
  assert.match(err, /PORT: found "many"/);
  assert.match(err, /policy\.yaml:6:13: \/guardrails\/regions\/0 must be an AWS region/);
});

test('serve does not start with a fault and ends with 1', async () => {
  const { status, out, err } = await run(['serve'], { ...(await environment()), AUDIT_FILES: 'x' });
  assert.deepEqual([status, out], [1, '']);
  assert.match(err, /AUDIT_FILES.*expected AUDIT_FILE/);
});

/** Makes a process send itself a signal when it begins to load the gateway. */
const signalsItself = (signal: string): string => {
  const code = `import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) {
  if (url.endsWith('/commands/serve.ts')) process.kill(process.pid, '${signal}');
  return next(url, context);
} });`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
};

test('SIGHUP and SIGUSR2 do not end a gateway that is still loading', async (t) => {
  for (const signal of ['SIGHUP', 'SIGUSR2']) {
    const settings = { ...(await environment()), NODE_OPTIONS: signalsItself(signal) };
    const gateway = endWithTest(t, start(['serve'], settings));
    const end = finish(gateway);
    await listening(gateway);
    gateway.kill('SIGTERM');
    assert.equal((await end).status, 0, signal);
  }
});

test('SIGUSR1 does not open a debugger', async (t) => {
  const gateway = endWithTest(t, start(['serve'], await environment()));
  const end = finish(gateway);
  await listening(gateway);
  gateway.kill('SIGUSR1');
  gateway.kill('SIGTERM');
  const { status, err } = await end;
  assert.deepEqual([status, err], [0, '']);
});

test('serve ends with 1 when its port is taken', async (t) => {
  const good = await environment();
  const first = endWithTest(t, start(['serve'], good));
  const { port } = await listening(first);
  const { status, out } = await run(['serve'], { ...good, PORT: String(port) });
  assert.equal(status, 1);
  assert.match(out, /EADDRINUSE/);
});

for (const level of ['info', 'fatal']) {
  test(`serve says in one line where it listens and ends with 0 on SIGTERM, at log level ${level}`, async (t) => {
    const child = endWithTest(t, start(['serve'], { ...(await environment()), LOG_LEVEL: level }));
    const { port, adminPort } = await listening(child);
    const health = await request(`http://127.0.0.1:${adminPort}/healthz`);
    assert.equal(health.statusCode, 200);
    await health.body.dump();
    const ready = await request(`http://127.0.0.1:${adminPort}/readyz`);
    assert.equal(ready.statusCode, 503);
    assert.equal(((await ready.body.json()) as { checks: { keys: boolean } }).checks.keys, false);
    const document = await request(`http://127.0.0.1:${port}/openapi.json`);
    assert.equal(document.statusCode, 200);
    await document.body.dump();
    child.kill('SIGTERM');
    const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
    assert.equal(status, 0);
  });
}

test('a SIGTERM while the gateway is still being read stops it in order', async () => {
  // Sent when its largest part begins to be read, long before it could listen.
  const early = `import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) {
      if (url.endsWith('/src/gateway.ts')) process.kill(process.pid, 'SIGTERM');
      return next(url, context);
    } });`;
  const options = `--import=data:text/javascript,${encodeURIComponent(early)}`;
  const { status, out } = await run(['serve'], { ...(await environment()), NODE_OPTIONS: options });
  assert.equal(status, 0);
  assert.match(out, /"msg":"stopped"/);
});

test('a run begins a new chain, and its first records are its start and the policy that it began with', async (t) => {
  const records: AuditRecord[] = [];
  const child = endWithTest(t, start(['serve'], await environment()));
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const record = JSON.parse(line);
    if (record.class_uid !== 6003) continue;
    records.push(record);
    if (records.length === 3) break;
  }
  assert.deepEqual(
    records.map(({ metadata }) => [metadata.sequence, metadata.event_code]),
    [
      [1, 'audit.chain-started'],
      [2, 'gateway.started'],
      [3, 'policy.loaded'],
    ],
  );
  const [first, second, third] = records.map(({ attestation_list: [attestation] }) => attestation) as [
    Attestation,
    Attestation,
    Attestation,
  ];
  assert.equal(first.prev_event, undefined);
  assert.deepEqual(
    [second, third].map(({ chain_uid, prev_event }) => [chain_uid, prev_event.fingerprint]),
    [first, second].map(({ fingerprint }) => [first.chain_uid, fingerprint]),
  );
  assert.match(String(records[2]?.unmapped.policy.new), /^[0-9a-f]{64}$/);
});

async function listening(child: ChildProcess): Promise<{ port: number; adminPort: number }> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const entry = JSON.parse(line) as { msg?: string; port: number; adminPort: number };
    if (entry.msg === 'listening') return entry;
  }
  throw new Error('the gateway did not listen');
}
