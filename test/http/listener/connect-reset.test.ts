// A CONNECT leaves its socket without Node's own listeners. Whoever hangs up behind one must not take the process along, nor a
// slot among the requests in flight.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { holdUpstream } from '../../acceptance/hold-upstream.ts';
import { peeringsPath, startTestGateway } from '../../support/gateway.ts';
import { head, openRaw, sendRaw } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';

test('a CONNECT whose caller resets the connection, at whatever moment, leaves the process alive', async (t) => {
  const gateway = await startTestGateway(t);
  for (let turns = 0; turns < 40; turns += 1) {
    const socket = connect(gateway.port, '127.0.0.1').on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(head('CONNECT example.test:443 HTTP/1.1'));
    for (let waited = 0; waited < turns % 8; waited += 1) await turn();
    socket.resetAndDestroy();
    await once(socket, 'close');
  }
  assert.equal((await sendRaw(gateway.port, head(`GET ${peeringsPath} HTTP/1.1`))).status, 401);
});

test('a request that a CONNECT came behind leaves its slot when the caller hangs up', async (t) => {
  const gateway = await startTestGateway(t, { environment: { MAX_IN_FLIGHT: '1' } });
  const upstream = holdUpstream(gateway);
  const fields = { Authorization: `Bearer ${await gateway.issuer.sign()}` };
  const list = head(`GET ${peeringsPath} HTTP/1.1`, fields);
  const connection = await openRaw(gateway.port);
  connection.write(list.repeat(3) + head('CONNECT example.test:443 HTTP/1.1'));
  await upstream.arrived(1);
  assert.equal((await sendRaw(gateway.port, list)).status, 503, 'the only slot is taken');
  connection.destroy();
  upstream.release();
  await until('a free slot', async () => (await sendRaw(gateway.port, list)).status === 200);
});
