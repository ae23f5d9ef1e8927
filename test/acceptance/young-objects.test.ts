// What a request leaves behind is collected while it is young. What grows old waits for a full collection, and each collection of
// young objects takes the longer for it: 25 ms instead of 2.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Agent, request } from 'undici';
import { nodeOptions } from '../../bench/stand/candidate.ts';
import { allowed, peeringsPath } from '../support/gateway.ts';
import { serve, surround } from './process.ts';

/** Options that Node does not take from `NODE_OPTIONS`: those of `npm start`, and a line for each collection. */
const preload = `import { setFlagsFromString } from 'node:v8';
for (const option of ${JSON.stringify(['--trace-gc-nvp', ...nodeOptions])}) setFlagsFromString(option);`;

const warmUp = 1000;
const counted = 400;
/** A request allocates some 100 kB. What a create leaves for its cluster's known ids is old with some right. */
const maxPromotedBytes = 2000;
/** As on a busy machine: the kernel lists each for a minute. */
const endedConnections = 5000;

/** Bytes that collections of young objects made old. */
function promotedBytes(printed: readonly string[]): number {
  const promoted = printed.flatMap((line) => / gc=s .* promoted=(\d+) /.exec(line)?.[1] ?? []);
  assert.ok(promoted.length > 10, `${promoted.length} collections`);
  return promoted.reduce((sum, bytes) => sum + Number(bytes), 0);
}

async function endConnections(t: TestContext): Promise<void> {
  const server = createServer((socket) => socket.end());
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  for (let ended = 0; ended < endedConnections; ended += 50)
    await Promise.all(Array.from({ length: 50 }, () => once(connect(port, '127.0.0.1').resume(), 'close')));
}

async function startTraced(t: TestContext) {
  const place = await surround(t);
  const url = `data:text/javascript,${encodeURIComponent(preload)}`;
  const gateway = await serve(t, place, 'audit.log', {
    NODE_OPTIONS: `--max-semi-space-size=2 --import=${url}`,
  });
  const token = await place.issuer.sign();
  const agent = new Agent({ connections: 1 });
  t.after(() => agent.close());
  // One after the other: however slow the machine is, no request lasts from one collection to the next but one.
  const send = async (body: object, expected: number, times: number) => {
    for (let sent = 0; sent < times; sent += 1) {
      const { statusCode, body: answer } = await request(`http://127.0.0.1:${gateway.port}${peeringsPath}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        dispatcher: agent,
      });
      await answer.dump();
      assert.equal(statusCode, expected);
    }
  };
  return { gateway, send };
}

for (const [what, body, expected] of [
  ['a denied create', { ...allowed, cidrBlock: '11.0.0.0/24' }, 403],
  ['a create', allowed, 201],
] as const)
  test(`${what} leaves no objects that grow old`, async (t) => {
    const { gateway, send } = await startTraced(t);
    await send(body, expected, warmUp);
    await endConnections(t);
    const before = gateway.printed.length;
    await send(body, expected, counted);
    const promoted = promotedBytes(gateway.printed.slice(before)) / counted;
    assert.ok(promoted < maxPromotedBytes, `${promoted} bytes a request`);
  });
