// Without an endpoint nothing of OpenTelemetry is loaded, by no command and in no thread; nor is what else is not called.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { environment, run } from '../commands/run-main.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startCollector } from './otlp-receiver.ts';
import { create, end, start } from './traced-process.ts';

/** Writes the address of every module that is asked for, `require` included, into a file, and when the gateway listens. */
const listing = `import { registerHooks, syncBuiltinESMExports } from 'node:module';
import fs, { appendFileSync } from 'node:fs';
for (const name of ['write', 'writeSync']) {
  const original = fs[name];
  fs[name] = (fd, bytes, ...others) => {
    if (String(bytes).includes('"msg":"listening"')) appendFileSync(process.env.LOADED_MODULES, 'listening\\n');
    return original(fd, bytes, ...others);
  };
}
syncBuiltinESMExports();
registerHooks({
  resolve(name, context, next) {
    const found = next(name, context);
    appendFileSync(process.env.LOADED_MODULES, found.url + '\\n');
    return found;
  },
});`;

/** `loaded`: what was asked for of these packages, or parts of packages. */
function watched(parts = ['/@opentelemetry/']) {
  const file = join(temporaryFolder(), 'loaded');
  const settings = {
    LOADED_MODULES: file,
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(listing)}`,
  };
  const loaded = async () => {
    const all = (await readFile(file, 'utf8')).split('\n');
    assert.ok(all.some((url) => url.includes('/node_modules/zod/')));
    return all.filter((url) => parts.some((part) => url.includes(part)));
  };
  return { settings, loaded };
}

test('without an endpoint serve loads nothing that makes or sends traces', async (t) => {
  // prom-client asks the interface itself whether there is a span; it does nothing without an SDK.
  const { settings, loaded } = watched([
    '/@opentelemetry/sdk',
    '/@opentelemetry/exporter',
    '/@opentelemetry/core',
    '/@opentelemetry/resources',
  ]);
  const { surroundings, served } = await start(t, settings);
  await create(surroundings, served);
  await end(served);
  assert.deepEqual(await loaded(), []);
});

test('a gateway that needs no Redis does not load its client', async (t) => {
  const { settings, loaded } = watched(['/@redis/']);
  const { surroundings, served } = await start(t, settings);
  await create(surroundings, served);
  await end(served);
  assert.deepEqual(await loaded(), []);
});

test('what measures the process is loaded after the gateway has said that it listens', async (t) => {
  const { settings, loaded } = watched(['listening', '/prom-client/']);
  const { surroundings, served } = await start(t, settings);
  await create(surroundings, served);
  await end(served);
  const [first, ...later] = await loaded();
  assert.equal(first, 'listening');
  assert.ok(later.length > 10);
});

test('with one it does, so that the test before would have seen it', async (t) => {
  const { settings, loaded } = watched();
  const collector = await startCollector(t);
  const { served } = await start(t, { ...settings, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await end(served);
  assert.ok((await loaded()).length > 10);
});

test('check loads nothing of OpenTelemetry, whatever is set', async () => {
  const { settings, loaded } = watched();
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
  const checked = await run(['check'], { ...(await environment()), ...settings, ...endpoint });
  assert.equal(checked.status, 0, checked.err);
  assert.deepEqual(await loaded(), []);
});
