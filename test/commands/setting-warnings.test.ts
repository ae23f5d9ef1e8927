// What is no fault of the settings and an operator should know of: `check` and the start say it, and both go on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { environment, finish, run, start } from './run-main.ts';

const doubtful = {
  AEROSPIKE_CLOUD_KEY: 'the-key-of-aerolab',
  NO_PROXY: '10.0.0.0/8',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
  REDIS_URL: 'redis://:the-password@0.0.0.0:9',
  REDIS_ALLOW_PLAINTEXT: 'true',
};
const variables = ['AEROSPIKE_CLOUD_KEY', 'NO_PROXY', 'OTEL_EXPORTER_OTLP_PROTOCOL', 'REDIS_ALLOW_PLAINTEXT'];

test('check shows each doubtful setting as a warning, with no secret, and finds no fault', async () => {
  const { status, out, err } = await run(['check'], { ...(await environment()), ...doubtful });
  assert.equal(status, 0, err);
  const warned = [...err.matchAll(/^Warning: ([A-Z_]+): /gm)].map(([, name]) => name);
  assert.deepEqual(warned.sort(), variables);
  assert.doesNotMatch(out + err, /the-key-of-aerolab|the-password/);
});

test('the start logs each doubtful setting as one warning, with no secret, and goes on', async () => {
  const child = start(['serve'], { ...(await environment()), ...doubtful });
  const end = finish(child);
  child.stdout?.on('data', (chunk) => {
    if (String(chunk).includes('"msg":"listening"')) child.kill('SIGTERM');
  });
  const { status, out, err } = await end;
  assert.deepEqual([status, err], [0, ''], out);
  const warned = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ level, variable }) => level === 'warn' && variable !== undefined)
    .map(({ variable }) => variable);
  assert.deepEqual(warned.sort(), variables);
  assert.doesNotMatch(out, /the-key-of-aerolab|the-password/);
});
