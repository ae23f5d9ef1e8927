// No caller can make a series, or put a word into one: whatever is asked, the series of earlier requests only count on.
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type CallOptions, peeringsPath, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { unlimited } from '../support/post.ts';
import { parseSeries, scrape } from './scrape.ts';

const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'MKCALENDAR',
];
/** The lot of a request decides what it asks for; what stands in it is new each time. */
const lots = 50;

test('500 requests with paths, methods, tokens and ids of their own make no series, and nothing of them is shown', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  for (let lot = 0; lot < lots; lot += 1) await ask(gateway, lot, []);
  const before = await ours(gateway);
  const made: string[] = [];
  for (let count = 0; count < 500; count += 1) await ask(gateway, count % lots, made);
  const after = await ours(gateway);
  assert.deepEqual([...after.series.keys()].sort(), [...before.series.keys()].sort());
  const sum = (series: ReadonlyMap<string, number>) =>
    [...series].reduce((total, [name, value]) => total + (name.startsWith('requests_total') ? value : 0), 0);
  assert.equal(sum(after.series) - sum(before.series), 500);
  assert.ok(made.length >= 500);
  for (const word of made) assert.ok(!after.text.includes(word), word);
});

/** Those of Node itself come and go with its garbage collection. */
async function ours(gateway: TestGateway) {
  const { text } = await scrape(gateway);
  const all = parseSeries(text);
  return { text, series: new Map([...all].filter(([name]) => !/^(?:nodejs|process)_/.test(name))) };
}

async function ask(gateway: TestGateway, lot: number, made: string[]): Promise<void> {
  const word = () => {
    const text = `q${randomBytes(9).toString('hex')}`;
    made.push(text);
    return text;
  };
  const paths = [`/${word()}`, `${peeringsPath}?${word()}=1`, `${peeringsPath}/${word()}`, `/docs/${word()}`];
  const headers = {
    ...{ 'x-request-id': word(), 'x-forwarded-for': word(), traceparent: word(), 'user-agent': word() },
    ...{ 'idempotency-key': word(), 'content-type': `application/${word()}` },
    authorization: `Bearer ${await tokenOf(gateway, lot % 5, word)}`,
  };
  const cluster = `/database/clusters/${randomUUID()}/vpc-peerings`;
  const path = lot % 5 === 4 ? cluster : paths[lot % 4];
  const method = methods[lot % methods.length] as NonNullable<CallOptions['method']>;
  await gateway.call({ method, path: String(path), headers });
}

async function tokenOf(gateway: TestGateway, kind: number, word: () => string): Promise<string> {
  const { sign } = gateway.issuer;
  if (kind === 0) return word();
  if (kind === 1) return await sign({}, { kid: word() });
  if (kind === 2) return await sign({ iss: `https://${word()}.example` });
  const scope = 'update:database read:database delete:database';
  return await sign({ sub: word(), client_id: word(), jti: word(), scope, [word()]: word() });
}
