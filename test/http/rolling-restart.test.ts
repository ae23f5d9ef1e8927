// Two instances behind a real nginx are restarted one after the other under a constant load of creates and lists: no request
// fails, no create is sent twice, and every record is there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { startLoad } from './load.ts';
import { freePort, noNginx, startNginx } from './nginx.ts';
import { readCreates, type ServedProcess, type Surroundings, serve, surround } from './process.ts';

const callers = 8;
const rounds = 2;
/**
 * Between the last look at the queue of new connections and its end the kernel may take in more, which it resets then: a
 * moment of some microseconds, or longer when the process loses its processor just there. Linux has no way to close only the
 * entrance. Nobody has read such a request, so it may be sent again; that no create is sent twice shows that. At most one
 * such moment, in which each caller may have come; that a stop takes in all who are connected is shown in stop.test.ts.
 */
const mostUnread = callers;

/** An instance on its own ports, which a restarted one takes over. */
async function placeInstance(
  test: Parameters<typeof serve>[0],
  around: Surroundings,
  name: string,
): Promise<{ readonly port: number; restart(): Promise<void> }> {
  const [port, adminPort] = [await freePort(), await freePort()];
  const settings = { PORT: `${port}`, ADMIN_PORT: `${adminPort}` };
  const start = () => serve(test, around, name, settings);
  let running: ServedProcess = await start();
  return {
    port,
    async restart() {
      running.signal('SIGTERM');
      assert.deepEqual(await running.exited, [0, null]);
      running = await start();
      const served = () => running.logs.filter(({ status }) => status === 201).length;
      await until('it serves again', () => served() > callers, 30_000);
    },
  };
}

for (const keepAlive of [true, false]) {
  const manner = keepAlive ? 'keeps connections open' : 'makes a connection for each request';
  test(`a rolling restart behind an nginx that ${manner} shows no failed request`, {
    skip: noNginx,
  }, async (t) => {
    const around = await surround(t);
    const names = ['one.jsonl', 'other.jsonl'];
    const instances = [];
    for (const name of names) instances.push(await placeInstance(t, around, name));
    const ports = instances.map(({ port }) => port);
    const nginx = await startNginx(t, { ports, keepAlive, resend: !keepAlive });
    const load = startLoad(nginx.url, await around.issuer.sign(), callers);
    await until('the load runs', () => load.calls.length > 20 * callers);
    for (let round = 0; round < rounds; round += 1) {
      for (const instance of instances) await instance.restart();
    }
    await load.stop();

    const failed = load.calls.filter(({ method, status }) => status !== (method === 'POST' ? 201 : 200));
    const errors = await nginx.errors();
    assert.deepEqual(failed, [], errors);
    const unread = [...errors.matchAll(/\(104: Connection reset by peer\)/g)].length;
    assert.ok(unread <= (keepAlive ? 0 : mostUnread), errors);
    const created = load.calls.filter(({ method }) => method === 'POST').map(({ id }) => id);
    assert.deepEqual(around.creates.toSorted(), created.sort(), 'each create was sent once');
    const creates = await readCreates(around, ...names);
    assert.equal(creates.size, created.length);
    for (const [id, create] of creates)
      assert.deepEqual(create, { intents: 1, outcomes: 1, statusId: 1 }, id);
    t.diagnostic(`${load.calls.length} requests during ${rounds * instances.length} restarts`);
  });
}
