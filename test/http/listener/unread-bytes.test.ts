// How many bytes of answers one address may leave unread, by the gateway's own defaults: real sockets, and only the seconds
// between two checks are not waited for.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { peeringsPath, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { head, openRaw } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';
import { passSeconds } from './pass-seconds.ts';

const clients = 60;
const nowhere = head('GET /nowhere HTTP/1.1');

/** Why the gateway has ended connections. */
const reasons = ({ logs }: TestGateway): string[] =>
  logs.filter(({ msg }) => msg === 'closed a connection').map(({ reason }) => reason);

/**
 * Clients that ask for lists of up to a mebibyte and read none. Those of different sizes stop at different places when the
 * buffers of the kernel are full, so that the gateway keeps half of a list for each of them on average.
 */
async function readNoLists(t: TestContext, gateway: TestGateway): Promise<void> {
  let lists = 0;
  gateway.cloud.setFault(({ path }) =>
    path.includes(peeringsPath)
      ? (_request, response) => {
          lists += 1;
          const note = 'a'.repeat(700_000 + (lists % 18) * 20_000);
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ meta: { total: 0 }, vpcPeerings: [], note }));
        }
      : undefined,
  );
  for (let opened = 0; opened < clients; opened += 1) {
    // Below the limit of each caller and of the address; the kernel takes some of the lists.
    const token = await gateway.issuer.sign({ sub: `svc-${opened % 9}` });
    const socket = connect(gateway.port, '127.0.0.1').on('error', () => undefined);
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    socket.pause();
    socket.write(head(`GET ${peeringsPath} HTTP/1.1`, { Authorization: `Bearer ${token}` }).repeat(8));
  }
  // Whoever could write on would have its next request in flight.
  let before = 0;
  await until(
    'that all answers wait to be read',
    async () => {
      const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
      const isStill = lists === before && /^peergate_requests_in_flight 0$/m.test(text);
      before = lists;
      return isStill && lists > clients;
    },
    60_000,
  );
}

test('answers that one address does not read have 16 MiB; whoever finds no room in them is ended, and nobody else', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const gateway = await startTestGateway(t);
  await readNoLists(t, gateway);
  const reader = await openRaw(gateway.port);
  await passSeconds(t);
  const ended = reasons(gateway);
  assert.deepEqual([...new Set(ended)], ['address-bytes']);
  assert.ok(ended.length <= clients - 16, 'a list for each of 16 fits');
  await passSeconds(t);
  assert.equal(reasons(gateway).length, ended.length, 'the rest fits');
  reader.write(nowhere);
  assert.equal((await reader.answer()).status, 404);
  reader.destroy();
});

test('answers that a trusted proxy does not read are not bound together', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const gateway = await startTestGateway(t, { environment: { TRUST_PROXY: '127.0.0.1' } });
  await readNoLists(t, gateway);
  await passSeconds(t, 5);
  assert.deepEqual(reasons(gateway), []);
  await passSeconds(t, 10);
  assert.deepEqual(
    reasons(gateway),
    Array.from({ length: clients }, () => 'unread'),
  );
});
