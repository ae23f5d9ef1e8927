import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayOutput } from '../../sandbox/gateway-output.ts';
import { GatewayProcess } from '../../sandbox/gateway-process.ts';

function spawnScript(script: string, settings: Record<string, string> = {}, patienceMs = 5_000) {
  const output = new GatewayOutput();
  const gateway = new GatewayProcess({ settings, output, patienceMs, command: ['--eval', script] });
  return { output, gateway };
}

const stayAlive = 'setInterval(() => {}, 1000);';
const isUp = (output: GatewayOutput) => output.find(() => output.logs.find((line) => line === 'up'), 10_000);

test('the child gets its settings and none of those of this process', async (t) => {
  process.env['AUTH_ISSUERS'] = 'https://elsewhere.example';
  t.after(() => delete process.env['AUTH_ISSUERS']);
  const print = 'console.log(JSON.stringify([process.env.AUTH_ISSUERS ?? null, process.env.PORT]))';
  const { gateway, output } = spawnScript(print, { PORT: '0' });
  assert.equal(await gateway.ended, 'ended with status 0');
  assert.deepEqual(JSON.parse(output.logs[0] ?? ''), [null, '0']);
});

test('the ports are those of the listening line, whatever is logged before it', async () => {
  const listening = JSON.stringify({ level: 'info', msg: 'listening', port: 1234, adminPort: 5678 });
  const { gateway } = spawnScript(`console.log('{"msg":"hello"}\\nnot JSON\\n${listening}'); ${stayAlive}`);
  assert.deepEqual(await gateway.listening(10_000), { port: 1234, adminPort: 5678 });
  await gateway.stop();
});

test('a child that dies early is reported with its status and its last words', async () => {
  const { gateway } = spawnScript('console.error("AUTH_ISSUERS is missing"); process.exit(3)');
  await assert.rejects(gateway.listening(10_000), /^Error: the gateway ended with status 3$/);
  assert.deepEqual(gateway.lastWords, ['AUTH_ISSUERS is missing']);
  await gateway.stop();
});

test('a child that says nothing on stderr leaves its last log lines', async () => {
  const { gateway } = spawnScript('console.log("the reason"); process.exit(1)');
  await gateway.ended;
  assert.deepEqual(gateway.lastWords, ['the reason']);
});

test('a child that heeds SIGTERM ends in its own way', async () => {
  const script = 'process.on("SIGTERM", () => process.exit(0)); console.log("up");';
  const { gateway, output } = spawnScript(script + stayAlive);
  await isUp(output);
  await gateway.stop();
  assert.equal(await gateway.ended, 'ended with status 0');
});

test('a child that ignores SIGTERM is ended by SIGKILL after its time', async () => {
  const script = 'process.on("SIGTERM", () => {}); console.log("up");';
  const { gateway, output } = spawnScript(script + stayAlive, {}, 50);
  await isUp(output);
  await gateway.stop();
  assert.equal(await gateway.ended, 'was ended by SIGKILL');
});
