// The gateway as a process whose standard output is read slowly: what strangers make it log costs log lines, and neither a
// create nor a record.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { assertChain } from '../audit/log/faulty-sink.ts';
import type { OutputLine } from '../support/log-line.ts';
import { until } from '../support/until.ts';
import { seriesOf } from '../telemetry/scrape.ts';
import { isRecord, parse, startPipedProcess } from './piped-process.ts';

const dropped = 'log_lines_dropped_total';
const unknownRoute = 'GET /nothing-is-here HTTP/1.1\r\nHost: gateway\r\n\r\n';

/** One connection, without a token: so many requests for no route are under way, and each answer brings the next one. */
function startFlood(test: TestContext, port: number, underWay: number) {
  const socket = connect(port, '127.0.0.1').setNoDelay();
  const closed = once(socket, 'close');
  let answered = 0;
  let stopped = false;
  socket.setEncoding('latin1').on('data', (text: string) => {
    const answers = text.split('HTTP/1.1 404').length - 1;
    answered += answers;
    if (stopped) return;
    socket.write(unknownRoute.repeat(answers));
  });
  socket.write(unknownRoute.repeat(underWay));
  test.after(() => socket.destroy());
  return {
    get answered() {
      return answered;
    },
    async stop() {
      stopped = true;
      socket.end();
      await closed;
    },
  };
}

test('a flood of requests for no route, logged to a slow reader, makes no create fail and loses no record', async (t) => {
  const { reader, port, adminUrl, child, exited, admin, creates, create } = await startPipedProcess(
    t,
    (pipe) => pipe.crawl(100_000),
  );
  const flood = startFlood(t, port, 16);
  const droppedSoFar = async () => (await seriesOf({ adminUrl })).get(dropped) ?? 0;
  await until('log lines are dropped', async () => (await droppedSoFar()) > 0, 60_000);
  const number = 10;
  for (let count = 0; count < number; count += 1) {
    const before = await droppedSoFar();
    assert.equal((await create()).status, 201, `create ${count}`);
    assert.equal(await admin('/readyz'), 200);
    // The flood goes on beside every one of them.
    await until('more log lines are dropped', async () => (await droppedSoFar()) > before);
  }
  await flood.stop();
  reader.start();
  const told = () => {
    const written = reader.lines.filter((line) => line.includes('"msg":"request served"'));
    const notices = reader.lines.filter((line) => line.includes('"msg":"log lines dropped"'));
    return notices.reduce((sum, line) => sum + (parse(line) as OutputLine).count, written.length);
  };
  await until('every log line is there or counted', () => told() >= flood.answered + number);
  child.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null]);
  await until('the last line has come', () => reader.lines.some((line) => parse(line)?.msg === 'stopped'));

  for (const line of reader.lines) {
    assert.notEqual(parse(line), undefined, line);
    assert.ok(isRecord(line) || Buffer.byteLength(line) < 4096, line);
  }
  const records = reader.lines.filter(isRecord);
  assertChain(records);
  const codes = records.map((line) => parse(line)?.metadata.event_code);
  for (const code of ['peering.create.intent', 'peering.create.outcome'])
    assert.equal(codes.filter((each) => each === code).length, number, code);
  assert.equal(creates().length, number);
});

test('a reader that stands still behind log lines alone makes the gateway unready, and ready again when it reads', async (t) => {
  const { reader, port, admin, creates, create } = await startPipedProcess(t, (pipe) => pipe.start());
  reader.stop();
  const flood = startFlood(t, port, 16);
  await until('the gateway is not ready', async () => (await admin('/readyz')) === 503, 60_000);
  assert.equal((await create()).status, 503);
  assert.deepEqual(creates(), []);
  reader.start();
  await until('the gateway is ready', async () => (await admin('/readyz')) === 200);
  assert.equal((await create()).status, 201);
  await flood.stop();
});
