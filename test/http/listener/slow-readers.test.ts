// Whether a client makes progress is what its side has acknowledged, not what the kernel has taken for it: real sockets, and
// only the seconds between two checks are not waited for.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, type TestContext, test } from 'node:test';
import { KernelQueue } from '../../../src/http/listener/kernel-queue.ts';
import { endWithTest } from '../../support/child-process.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { head, openRaw } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';
import { passSeconds } from './pass-seconds.ts';

const skip =
  existsSync('/proc/self/net/tcp') && spawnSync('perl', ['-v']).status === 0 ? false : 'no /proc, or no perl';

/**
 * A connection to the port that is its first argument. Node cannot make the buffer of the client's kernel small, and with a large
 * one nothing is acknowledged for a long time.
 */
const connection = `
use Socket;
socket(my $socket, PF_INET, SOCK_STREAM, 0) or die;
setsockopt($socket, SOL_SOCKET, SO_RCVBUF, pack('l', 8192)) or die;
connect($socket, sockaddr_in($ARGV[0], inet_aton('127.0.0.1'))) or die;`;

/** Reads as many bytes as each line of its input says, and says so. */
const program = `${connection}
syswrite($socket, $ARGV[1]);
$| = 1;
while (my $left = <STDIN>) {
  while ($left > 0) {
    my $count = sysread($socket, my $data, $left) or exit;
    $left -= $count;
  }
  print "read\n";
}`;

/** More than the kernel takes. */
const bundles = head('GET /docs/swagger-ui-bundle.js HTTP/1.1').repeat(12);
/** The kernel takes all of it. */
const styles = head('GET /docs/swagger-ui.css HTTP/1.1');

/** A client that reads only as much as the test asks for. */
function startReader(t: TestContext, port: number, requests: string) {
  const child = endWithTest(
    t,
    spawn('perl', ['-e', program, String(port), requests], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  /** Is the connection still there after so many bytes? */
  return async (bytes: number): Promise<boolean> => {
    child.stdin.write(`${bytes}\n`);
    return !(await lines.next()).done;
  };
}

const kernel = new KernelQueue();
after(() => kernel.close());

/** A gateway whose seconds pass by `second`, and a client whose answers wait, here or in the kernel. */
async function startRead(t: TestContext, requests = bundles) {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const gateway = await startTestGateway(t);
  const read = startReader(t, gateway.port, requests);
  const kept = async () => [...(await kernel.readUnacknowledged(gateway.port)).values()].join();
  let before = '';
  await until('a full buffer of the kernel', async () => {
    const now = await kept();
    const isFull = now !== '' && now === before;
    before = now;
    return isFull;
  });
  const burst = async (bytes: number) => {
    const former = await kept();
    assert.ok(await read(bytes));
    await until('its acknowledgement', async () => (await kept()) !== former);
  };
  const second = () => passSeconds(t);
  return { gateway, read, burst, second };
}

const reasons = ({ logs }: TestGateway) =>
  logs.filter(({ msg }) => msg === 'closed a connection').map(({ reason }) => reason);

const responseTaken = ({ gateway }: { gateway: TestGateway }) =>
  until('the response is with the kernel', () => gateway.logs.some(({ answered }) => answered === true));

/** Reads at a steady rate until the connection is ended; gives the second, or `undefined` when it stays. */
async function readSteadily(
  bytesPerSecond: number,
  { gateway, burst, second }: Awaited<ReturnType<typeof startRead>>,
): Promise<number | undefined> {
  const pause = 3;
  for (let passed = 1; passed <= 90; passed += 1) {
    await second();
    if (reasons(gateway).length > 0) return passed;
    if (bytesPerSecond > 0 && passed % pause === 0) await burst(pause * bytesPerSecond);
  }
  return undefined;
}

test('a client that always makes progress, but takes less than 8 KiB/s over 60 s, loses its connection', {
  skip,
}, async (t) => {
  const reading = await startRead(t);
  const end = await readSteadily(6 * 1024, reading);
  // Not sooner; later by each look at the kernel that took too long on a busy machine.
  assert.ok(end !== undefined && end > 60, `${end}`);
  assert.deepEqual(reasons(reading.gateway), ['slow']);
  assert.equal(await reading.read(64 * 1024 * 1024), false);
});

test('a client that takes more than 8 KiB/s keeps its connection, however seldom the kernel takes more for it', {
  skip,
}, async (t) => {
  const reading = await startRead(t);
  assert.equal(await readSteadily(10 * 1024, reading), undefined);
  assert.equal(await reading.read(1), true);
});

test('a client that stands still loses its connection after 10 s, also after it has read for a while', {
  skip,
}, async (t) => {
  const reading = await startRead(t);
  for (let passed = 0; passed < 30; passed += 1) {
    await reading.second();
    await reading.burst(32 * 1024);
  }
  const end = await readSteadily(0, reading);
  // Not sooner; later by what was still on its way.
  assert.ok(end !== undefined && end > 10, `${end}`);
  assert.deepEqual(reasons(reading.gateway), ['unread']);
});

test('a client that reads nothing of a response that the kernel has taken whole loses its connection after 10 s', {
  skip,
}, async (t) => {
  const reading = await startRead(t, styles);
  await responseTaken(reading);
  const end = await readSteadily(0, reading);
  // Later by what was still on its way.
  assert.ok(end !== undefined && end > 10, `${end}`);
  assert.deepEqual(reasons(reading.gateway), ['unread']);
  assert.equal(await reading.read(1024 * 1024), false);
});

/** Until the returned function is called, this process can open nothing. */
function useUpDescriptors(): () => void {
  const ofThis = [`--pid=${process.pid}`, '--nofile'];
  const limitTo = (soft: string) => execFileSync('prlimit', [`--pid=${process.pid}`, `--nofile=${soft}:`]);
  const soft = String(execFileSync('prlimit', [...ofThis, '--noheadings', '--output=SOFT'])).trim();
  limitTo('512');
  const opened: number[] = [];
  try {
    for (;;) opened.push(openSync('/dev/null', 'r'));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EMFILE');
  }
  return () => {
    for (const file of opened) closeSync(file);
    limitTo(soft);
  };
}

test('a client that reads nothing loses its connection when no descriptor is left, too', {
  skip,
}, async (t) => {
  const reading = await startRead(t, styles);
  await responseTaken(reading);
  const goOn = useUpDescriptors();
  try {
    assert.notEqual(await readSteadily(0, reading), undefined);
  } finally {
    goOn();
  }
  assert.deepEqual(reasons(reading.gateway), ['unread']);
});

test('a client that has read a long response keeps its connection', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const gateway = await startTestGateway(t);
  const client = await openRaw(gateway.port);
  for (let asked = 0; asked < 2; asked += 1) {
    client.write(styles);
    assert.equal((await client.answer()).status, 200);
    await passSeconds(t, 70);
  }
  assert.deepEqual(reasons(gateway), []);
  client.destroy();
});

/** Sends a request every 2 ms, and reads nothing. */
const flood = `${connection}
while (defined(syswrite($socket, $ARGV[1]))) { select(undef, undef, undef, 0.002); }`;

test('a client that reads nothing loses its connection, however many requests it goes on sending', {
  skip,
}, async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const gateway = await startTestGateway(t);
  const requests = head('HEAD /nothing HTTP/1.1');
  endWithTest(t, spawn('perl', ['-e', flood, String(gateway.port), requests]));
  await until('so many answers that the kernel is asked', async () => {
    const [bytes = 0] = (await kernel.readUnacknowledged(gateway.port)).values();
    return bytes > 128 * 1024;
  });
  let passed = 0;
  for (; passed < 30 && reasons(gateway).length === 0; passed += 1) await passSeconds(t);
  assert.ok(passed > 10, `${passed}`);
  assert.deepEqual(reasons(gateway), ['unread']);
});
