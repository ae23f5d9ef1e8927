// The two ways of making load, against a real server: what they count, what they refuse to count, and that a stall of
// the server is felt by every request that was due meanwhile.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { closedLoop } from '../../bench/load/closed-loop.ts';
import { Deck, type DeckShape } from '../../bench/load/deck.ts';
import { openLoop } from '../../bench/load/open-loop.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, index: number) => void;

async function serve(t: TestContext, answer: Answer): Promise<{ port: number; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    request.resume().once('end', () => answer(request, response, seen.length - 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, seen };
}

const created: Answer = (_request, response) => void response.writeHead(201).end('{}');

function deckOf(port: number, shape: Partial<DeckShape> = {}): Deck {
  const folder = temporaryFolder();
  const tokenFile = join(folder, 'tokens');
  writeFileSync(tokenFile, `${Array.from({ length: 50 }, (_, index) => `token-${index}`).join('\n')}\n`);
  return new Deck({ kind: 'create', tokenFile, firstToken: 0, tokens: 50, once: false, ...shape }, port);
}

const noWindow = { begin: () => undefined, end: () => undefined };
const cold = { minMs: 0, requests: 0, maxMs: 0 };

test('a deck of new tokens sends each of them once, and ends the measurement', async (t) => {
  const { port, seen } = await serve(t, created);
  const deck = deckOf(port, { firstToken: 10, tokens: 40, once: true });
  const job = { port, expected: 201, warm: cold, measuredMs: 60_000 };
  const windows: string[] = [];
  const window = { begin: () => void windows.push('begin'), end: () => void windows.push('end') };
  await closedLoop(job, 1, deck, window);
  const tokens = seen.map(({ headers }) => headers.authorization);
  assert.deepEqual(
    [...tokens].sort(),
    Array.from({ length: 40 }, (_, index) => `Bearer token-${index + 10}`).sort(),
  );
  assert.deepEqual(windows, ['begin', 'end']);
});

test('creates go to one cluster after the other, and no cluster twice at once', async (t) => {
  const { port, seen } = await serve(t, created);
  const deck = deckOf(port);
  const requests = Array.from({ length: 1_024 }, () => String(deck.draw()));
  assert.equal(new Set(requests.map((request) => request.split(' ')[1])).size, 1_024);
  // The gateway refuses a VPC that would reach two clusters with the same block.
  assert.equal(
    new Set(requests.map((request) => /"vpcId":"(vpc-[0-9a-f]{17})"/.exec(request)?.[1])).size,
    1_024,
  );
  assert.equal(seen.length, 0);
});

test('warm-up is not counted', async (t) => {
  const { port, seen } = await serve(t, created);
  const deck = deckOf(port, { once: true });
  const warm = { minMs: 0, requests: 20, maxMs: 60_000 };
  const { tookMs } = await closedLoop({ port, expected: 201, warm, measuredMs: 60_000 }, 1, deck, noWindow);
  assert.equal(seen.length, 50);
  assert.equal(tookMs.length, 30);
});

for (const [name, answer, fault] of [
  ['another status', (_, response, index) => void response.writeHead(index < 5 ? 201 : 403).end('{}'), /403/],
  [
    'a connection that ends',
    (_, response, index) => (index < 5 ? created(_, response, index) : response.destroy()),
    /closed|ECONNRESET/,
  ],
] as const satisfies readonly (readonly [string, Answer, RegExp])[]) {
  test(`${name} ends a measurement in a closed loop and in an open one`, async (t) => {
    const { port } = await serve(t, answer);
    const job = { port, expected: 201, warm: cold, measuredMs: 5_000 };
    await assert.rejects(closedLoop(job, 2, deckOf(port), noWindow), fault);
    const again = await serve(t, answer);
    const deck = deckOf(again.port);
    await assert.rejects(openLoop({ ...job, port: again.port }, 100, deck, noWindow), fault);
  });
}

test('an open loop sends as many as are due, whatever becomes of them', async (t) => {
  const { port, seen } = await serve(t, created);
  const job = { port, expected: 201, warm: { ...cold, minMs: 100 }, measuredMs: 200 };
  const { tookMs } = await openLoop(job, 500, deckOf(port), noWindow);
  assert.equal(seen.length, 150);
  assert.equal(tookMs.length, 100);
  assert.ok(tookMs.every((took) => took > 0));
});

test('a stall makes every request slow that was due meanwhile, those that could not be sent, too', async (t) => {
  const stallMs = 300;
  const held: ServerResponse[] = [];
  let over = false;
  const { port } = await serve(t, (request, response, index) => {
    if (index === 0) {
      setTimeout(() => {
        over = true;
        for (const waiting of held) created(request, waiting, 0);
      }, stallMs);
    }
    if (over) created(request, response, index);
    else held.push(response);
  });
  const job = { port, expected: 201, warm: cold, measuredMs: 400 };
  const { tookMs } = await openLoop(job, 1000, deckOf(port), noWindow);
  // More were due than there are connections to send them on.
  assert.ok(held.length < 250);
  for (const index of [0, 50, 100, 200, 250]) {
    const least = stallMs - index - 5;
    assert.ok((tookMs[index] ?? 0) >= least, `${index}: ${tookMs[index]} ms, at least ${least}`);
  }
});
