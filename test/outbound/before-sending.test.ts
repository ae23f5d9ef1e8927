// What must hold when a request is sent is checked when there is a connection for it, and not before the wait for one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { OutboundAgent } from '../../src/outbound/agent.ts';
import { exchange } from '../../src/outbound/exchange.ts';

/** An agent of one connection, to a server that answers when it is told to. */
async function startHoldingServer(t: TestContext) {
  const methods: string[] = [];
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    methods.push(request.method ?? '');
    held.push(response);
    server.emit('held');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const agent = new OutboundAgent(1000, 1);
  t.after(async () => {
    await agent.destroy();
    server.close();
  });
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const send = (method: 'GET' | 'POST', beforeSending?: () => void) =>
    exchange(agent, { method, url, headers: {}, beforeSending }, { timeoutMs: 10_000, maxBytes: 1000 });
  return { methods, held, send, received: () => once(server, 'held') };
}

test('a request that may not be sent any more when its connection is free is not sent', async (t) => {
  const { methods, held, send, received } = await startHoldingServer(t);
  const isHeld = received();
  const first = send('GET');
  await isHeld;
  let mayBeSent = true;
  const change = send('POST', () => {
    if (!mayBeSent) throw new Error('the lease has ended');
  });
  mayBeSent = false;
  held.shift()?.end();
  await first;
  await assert.rejects(change, { message: 'the lease has ended' });
  const again = received();
  const last = send('GET');
  await again;
  held.shift()?.end();
  assert.equal((await last).status, 200);
  assert.deepEqual(methods, ['GET', 'GET']);
});
