import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { GatewayOutput } from '../../sandbox/gateway-output.ts';
import type { GatewayProcess } from '../../sandbox/gateway-process.ts';
import { type DemoOptions, runDemo } from '../../sandbox/run-demo.ts';
import { Terminal } from '../../sandbox/terminal.ts';
import { Checks, runTour, type TourPlace, type TourStep } from '../../sandbox/tour.ts';

const run = promisify(execFile);
const demo = fileURLToPath(new URL('../../sandbox/demo.ts', import.meta.url));

async function runWith(script: string, more: Partial<DemoOptions> = {}) {
  let printed = '';
  let gateway: GatewayProcess | undefined;
  const terminal = new Terminal({
    write(text) {
      printed += text;
    },
    colours: false,
  });
  const status = await runDemo({
    terminal,
    exitAfterTour: true,
    signal: new AbortController().signal,
    command: ['--eval', script],
    onGateway(started) {
      gateway = started;
    },
    ...more,
  });
  return { status, printed, ended: await gateway?.ended };
}

test('a gateway that dies at the start ends the demo with status 1 and shows why', async () => {
  const { status, printed } = await runWith('console.error("POLICY_FILE: no such file"); process.exit(1)');
  assert.equal(status, 1);
  assert.match(printed, /✗ the gateway ended with status 1\n {3}POLICY_FILE: no such file\n$/);
});

test('a stop in the middle of the start leaves no gateway behind', async () => {
  const stopping = new AbortController();
  let gateway: GatewayProcess | undefined;
  const { status, printed } = await runWith('setInterval(() => {}, 1000)', {
    signal: stopping.signal,
    onGateway(started) {
      gateway = started;
      stopping.abort(130);
    },
  });
  assert.equal(status, 130);
  assert.equal(await gateway?.ended, 'was ended by SIGTERM');
  assert.doesNotMatch(printed, /✗/);
});

test('a stop before the start starts no gateway at all', async () => {
  const { status, ended } = await runWith('', { signal: AbortSignal.abort(143) });
  assert.equal(status, 143);
  assert.equal(ended, undefined);
});

test('a gateway that dies in the middle of the tour ends the demo with status 1', async () => {
  const listener = (name: string, then: string) => `
    const ${name} = require('node:http').createServer((req, res) => { ${then} }).listen(0, '127.0.0.1', up);`;
  const script = `
    let left = 2;
    function up() {
      if (--left > 0) return;
      console.log(JSON.stringify({ msg: 'listening', port: main.address().port, adminPort: admin.address().port }));
    }
    ${listener('main', 'process.exit(9);')}
    ${listener('admin', 'res.end();')}`;
  const { status, printed } = await runWith(script);
  assert.equal(status, 1);
  assert.match(printed, /✗ the gateway ended with status 9\n/);
});

test('a failed check says what was expected and what came', () => {
  const checks = new Checks();
  checks.equal('status', 502, 201);
  checks.equal('status', 201, 201);
  checks.expect('an id', false);
  assert.deepEqual(checks.failures, ['expected status 201; found 502', 'expected an id']);
});

test('an unexpected answer, an error or a broken audit chain costs a step, and the tour goes on', async () => {
  let printed = '';
  const output = new GatewayOutput();
  const terminal = new Terminal({
    write(text) {
      printed += text;
    },
    colours: false,
  });
  const step = (title: string, run: TourStep['run']): TourStep => ({ title, good: 'fine', run });
  const steps = [
    step('unexpected', (_place, checks) => Promise.resolve(checks.equal('status', 403, 201))),
    step('error', () => Promise.reject(new Error('socket hang up'))),
    step('chain', () => Promise.resolve(output.accept('{"class_uid":6003}'))),
    step('good', () => Promise.resolve()),
  ];
  // The frame itself looks at nothing else of the place.
  const place = { terminal, signal: new AbortController().signal, parts: { output } } as unknown as TourPlace;
  assert.deepEqual(await runTour(steps, place), { good: 1, total: 4 });
  const verdicts = printed.split('\n').filter((line) => /^ {3}[✓✗]/.test(line));
  assert.deepEqual(verdicts, [
    '   ✗ expected status 201; found 403',
    '   ✗ socket hang up',
    '   ✗ expected each audit record to carry the fingerprint of the one before',
    '   ✓ fine',
  ]);
});

test('--help ends with 0; an unknown option, and two options that exclude each other, with 2 and the usage', async () => {
  const { stdout } = await run(process.execPath, [demo, '--help']);
  assert.match(stdout, /^Usage: npm run demo/);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  for (const wrong of [['--nonsense'], ['--fleet', '--policy', 'policy.yaml']])
    await assert.rejects(run(process.execPath, [demo, ...wrong]), { code: 2, stdout: '' });
});
