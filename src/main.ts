#!/usr/bin/env node
// The only file that touches the process: arguments, environment, signals, exit status.
import { createRequire, enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import { systemClock } from './clock.ts';
import type { StopSignal } from './commands/command.ts';
import { loadCommands } from './commands/load-commands.ts';
import { runCommand } from './commands/run-command.ts';

// What was compiled once is not compiled again. Where the packages are is the place for it: whoever can write there could
// change the program itself, and a folder that cannot be written, as in a container, is read all the same.
if (process.env['NODE_COMPILE_CACHE'] === undefined)
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/peergate', import.meta.url)));

/** In the order of `--help`. Each is read only when it is run, so that a health check costs little beside the gateway. */
const commands = {
  serve: () => {
    // While the rest is being read, too: process 1 of a container has no default for a signal, and would lose it.
    stopRequested();
    // Half a thousand files, one after another: read in one go they take a twentieth less than with a promise for each.
    const read = createRequire(import.meta.url);
    const { serveCommand } = read('./commands/serve.ts') as typeof import('./commands/serve.ts');
    return Promise.resolve(serveCommand);
  },
  check: async () => (await import('./commands/check.ts')).checkCommand,
  health: async () => (await import('./commands/health.ts')).healthCommand,
  'policy test': async () => (await import('./commands/policy-test.ts')).policyTestCommand,
  'policy explain': async () => (await import('./commands/policy-explain.ts')).policyExplainCommand,
  'policy replay': async () => (await import('./commands/policy-replay.ts')).policyReplayCommand,
  peerings: async () => (await import('./commands/peerings.ts')).peeringsCommand,
  'audit verify': async () => (await import('./commands/audit-verify.ts')).auditVerifyCommand,
};

let firstStop: Promise<StopSignal> | undefined;

/** Resolves at the first signal that asks the process to stop, from the first call on. */
function stopRequested(): Promise<StopSignal> {
  firstStop ??= new Promise((resolve) => {
    onNextStopSignal(resolve);
  });
  return firstStop;
}

function stopRequestedAgain(over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const ignore = onNextStopSignal(() => resolve());
    over.addEventListener('abort', () => {
      ignore();
      resolve();
    });
  });
}

/** Returns how not to be called. Without a listener a signal ends the process at once, as it would without the gateway. */
function onNextStopSignal(called: (signal: StopSignal) => void): () => void {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const ignore = () => {
    for (const signal of signals) process.off(signal, receive);
  };
  const receive = (signal: NodeJS.Signals) => {
    ignore();
    called(signal as StopSignal);
  };
  for (const signal of signals) process.on(signal, receive);
  return ignore;
}

const { NO_COLOR: noColour } = process.env;

const argv = process.argv.slice(2);

const status = await runCommand(await loadCommands(commands, argv), argv, {
  environment: { ...process.env },
  now: systemClock.now(),
  version: packageJson.version,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  // https://no-color.org: present and not empty.
  colours: process.stdout.isTTY === true && (noColour === undefined || noColour === ''),
  isInteractive: process.stderr.isTTY === true,
  stopRequested,
  stopRequestedAgain,
  onReload: (reload) => void process.on('SIGHUP', reload),
  onReopen: (reopen) => void process.on('SIGUSR2', reopen),
});
// Nothing that is still open, such as an idle connection, may keep a finished command alive.
process.exit(status);
