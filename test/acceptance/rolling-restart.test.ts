// Two instances behind a real nginx are restarted one after the other under a constant load of creates and lists: no request
// fails, no create is sent twice, and every record is there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { startLoad } from './load.ts';
import { type Nginx, noNginx, startNginx } from './nginx.ts';
import { readCreates, type ServedProcess, type Surroundings, serve, surround } from './process.ts';

const callers = 8;

interface Instance {
  readonly port: number;
  /** `leave` and `enter` have the load balancer stop sending to it, and send again. */
  restart(leave: () => Promise<void>, enter: () => Promise<void>): Promise<void>;
}

/** An instance on its own ports, which a restarted one takes over. */
async function placeInstance(
  test: Parameters<typeof serve>[0],
  around: Surroundings,
  name: string,
): Promise<Instance> {
  const [port, adminPort] = [await freePort(), await freePort()];
  // Longer than the test: the delay ends when the load balancer has stopped sending, not by time.
  const settings = { PORT: `${port}`, ADMIN_PORT: `${adminPort}`, SHUTDOWN_DELAY_MS: '600000' };
  const start = () => serve(test, around, name, settings);
  const served = ({ logs }: ServedProcess) => logs.filter(({ status }) => status === 201).length;
  let running: ServedProcess = await start();
  return {
    port,
    async restart(leave, enter) {
      running.signal('SIGTERM');
      await until('it is not ready', async () => (await running.admin('/readyz')) === 503);
      const before = served(running);
      await until('it serves in its delay', () => served(running) > before + callers);
      await leave();
      running.signal('SIGTERM');
      assert.deepEqual(await running.exited, [0, null]);
      running = await start();
      await enter();
      await until('it serves again', () => served(running) > callers, 30_000);
    },
  };
}

/** As an ingress controller does it: an instance that is not ready is taken out, and is in again when it is ready. */
async function restartAll(instances: readonly Instance[], nginx: Nginx): Promise<void> {
  const ports = instances.map(({ port }) => port);
  for (const { port, restart } of instances) {
    await restart(
      () => nginx.sendTo(ports.filter((other) => other !== port)),
      () => nginx.sendTo(ports),
    );
  }
}

for (const keepAlive of [true, false]) {
  const manner = keepAlive ? 'keeps connections open' : 'makes a connection for each request';
  test(`a rolling restart behind an nginx that ${manner} shows no failed request, and sends no create twice`, {
    skip: noNginx,
  }, async (t) => {
    const around = await surround(t);
    const names = ['one.jsonl', 'other.jsonl'];
    const instances: Instance[] = [];
    for (const name of names) instances.push(await placeInstance(t, around, name));
    const nginx = await startNginx(t, { ports: instances.map(({ port }) => port), keepAlive });
    // A worker that nginx replaces closes the connections of its callers, perhaps with a request on its way.
    const load = startLoad(nginx.url, await around.issuer.sign(), callers, { reconnect: true });
    await until('the load runs', () => load.calls.length > 20 * callers);
    await restartAll(instances, nginx);
    await load.stop();

    assert.equal(await nginx.errors(), '');
    const failed = load.calls.filter(({ method, status }) => status !== (method === 'POST' ? 201 : 200));
    assert.deepEqual(failed, []);
    const created = load.calls.filter(({ method }) => method === 'POST').map(({ id }) => id);
    assert.deepEqual(around.creates.toSorted(), created.sort(), 'each create was sent once');
    const creates = await readCreates(around, ...names);
    assert.equal(creates.size, created.length);
    for (const [id, create] of creates)
      assert.deepEqual(create, { intents: 1, outcomes: 1, statusId: 1 }, id);
    t.diagnostic(`${load.calls.length} requests during ${instances.length} restarts`);
  });
}
