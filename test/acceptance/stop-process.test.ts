// SIGTERM to a process under load: what it has taken on it finishes and records, and it ends with status 0.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { startLoad } from './load.ts';
import { readCreates, serve, surround } from './process.ts';

const callers = 16;

test('SIGTERM under load: readiness fails at once, every create that was sent is recorded to its end, and the status is 0', async (t) => {
  const around = await surround(t);
  const gateway = await serve(t, around, 'audit.jsonl');
  const load = startLoad(`http://127.0.0.1:${gateway.port}`, await around.issuer.sign(), callers);
  await until('the load runs', () => load.calls.length > 20 * callers);
  gateway.signal('SIGTERM');
  await until('readiness fails or nobody is there to ask', () =>
    gateway.admin('/readyz').then(
      (status) => status === 503,
      () => true,
    ),
  );
  assert.deepEqual(await gateway.exited, [0, null]);
  await load.stop();
  const creates = await readCreates(around, 'audit.jsonl');
  assert.equal(new Set(around.creates).size, around.creates.length, 'no create was sent twice');
  for (const id of around.creates)
    assert.deepEqual(creates.get(id), { intents: 1, outcomes: 1, statusId: 1 });
  assert.deepEqual(
    [...creates.keys()].sort(),
    [...around.creates].sort(),
    'no intent stands without its end',
  );
  const answered = load.calls.filter(({ method, status }) => method === 'POST' && status === 201);
  assert.deepEqual(
    answered.map(({ id }) => id).sort(),
    [...around.creates].sort(),
    'every caller whose create was sent has its answer',
  );
  const others = load.calls.filter(({ status }) => status !== undefined && status >= 400);
  assert.deepEqual(
    [...new Set(others.map(({ status }) => status))].filter((status) => status !== 503),
    [],
  );
});

test('what is in flight when SIGTERM comes is waited for, and everything after it is refused', async (t) => {
  const around = await surround(t);
  const gateway = await serve(t, around, 'audit.jsonl');
  const release = Promise.withResolvers<void>();
  let held = 0;
  around.cloud.setFault(({ path }) =>
    path.startsWith('/v1/')
      ? (_request, response) => {
          held += 1;
          void release.promise.then(() => {
            response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":"peering-1"}');
          });
        }
      : undefined,
  );
  const load = startLoad(`http://127.0.0.1:${gateway.port}`, await around.issuer.sign(), callers);
  await until('all are held', () => held === callers);
  gateway.signal('SIGTERM');
  await until('it is not ready', async () => (await gateway.admin('/readyz')) === 503);
  assert.equal(await gateway.admin('/healthz'), 200);
  release.resolve();
  assert.deepEqual(await gateway.exited, [0, null]);
  await load.stop();
  const served = load.calls.filter(({ status }) => status === 201);
  assert.equal(served.length, callers);
  const creates = await readCreates(around, 'audit.jsonl');
  assert.equal(creates.size, callers);
  for (const create of creates.values()) assert.deepEqual(create, { intents: 1, outcomes: 1, statusId: 1 });
});

test('a second SIGTERM ends the process at once, and what was in flight is left open in the log', async (t) => {
  const around = await surround(t);
  const gateway = await serve(t, around, 'audit.jsonl', { SHUTDOWN_GRACE_MS: '600000' });
  let held = 0;
  around.cloud.setFault(({ path }) =>
    path.startsWith('/v1/')
      ? () => {
          held += 1;
        }
      : undefined,
  );
  const load = startLoad(`http://127.0.0.1:${gateway.port}`, await around.issuer.sign(), 1);
  await until('it is held', () => held === 1);
  gateway.signal('SIGTERM');
  await until('it is not ready', async () => (await gateway.admin('/readyz')) === 503);
  gateway.signal('SIGTERM');
  assert.deepEqual(await gateway.exited, [null, 'SIGTERM']);
  await load.stop();
  const creates = await readCreates(around, 'audit.jsonl');
  assert.deepEqual([...creates.values()], [{ intents: 1, outcomes: 0 }]);
});
