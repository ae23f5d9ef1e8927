// What a request leaves behind is collected while it is young. What grows old waits for a full collection, and each collection of
// young objects takes the longer for it: 25 ms instead of 2.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Agent, request } from 'undici';
import { nodeOptions } from '../../bench/stand/candidate.ts';
import { allowed, peeringsPath } from '../support/gateway.ts';
import { serve, surround } from './process.ts';

/** Options that Node does not take from `NODE_OPTIONS`: those of `npm start`, and a line for each collection. */
const preload = `import { setFlagsFromString } from 'node:v8';
for (const option of ${JSON.stringify(['--trace-gc', ...nodeOptions])}) setFlagsFromString(option);`;

const warmUp = 3000;
const counted = 1500;
/** A request allocates some 100 kB. Those in flight at a collection grow old with some right. */
const maxKeptBytes = 7000;
const inFlight = 8;

/** By how many bytes the heap grew from one collection of young objects to the next, added up. Full collections do not count. */
function grownBytes(printed: readonly string[]): number {
  const sizes = printed.flatMap(
    (line) => / -> ([\d.]+) /.exec(line.includes('Scavenge') ? line : '')?.[1] ?? [],
  );
  const grown = sizes.map((size, index) => Number(size) - Number(sizes[index - 1] ?? size));
  return grown.reduce((sum, growth) => sum + Math.max(0, growth), 0) * 1e6;
}

async function startTraced(t: TestContext) {
  const place = await surround(t);
  const url = `data:text/javascript,${encodeURIComponent(preload)}`;
  const gateway = await serve(t, place, 'audit.log', {
    NODE_OPTIONS: `--max-semi-space-size=2 --import=${url}`,
  });
  const token = await place.issuer.sign();
  const agent = new Agent({ connections: inFlight });
  t.after(() => agent.close());
  const send = async (body: object, expected: number, times: number) => {
    const one = async () => {
      const { statusCode, body: answer } = await request(`http://127.0.0.1:${gateway.port}${peeringsPath}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        dispatcher: agent,
      });
      await answer.dump();
      assert.equal(statusCode, expected);
    };
    const lane = async () => {
      for (let sent = 0; sent < times / inFlight; sent += 1) await one();
    };
    await Promise.all(Array.from({ length: inFlight }, lane));
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
    const before = gateway.printed.length;
    await send(body, expected, counted);
    const kept = grownBytes(gateway.printed.slice(before)) / counted;
    assert.ok(kept < maxKeptBytes, `${kept} bytes a request`);
  });
