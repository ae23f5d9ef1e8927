#!/usr/bin/env node
// The only file that touches the process: arguments, environment, signals, exit status.
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import { systemClock } from './clock.ts';
import type { ExitStatus, StopSignal } from './commands/command.ts';
import { commands } from './commands/commands.ts';
import { runCommand } from './commands/run-command.ts';

// The compile cache lies beside the packages: whoever can write there could change the program itself anyway. In a container
// the folder is read-only, and the cache is still read.
if (process.env['NODE_COMPILE_CACHE'] === undefined)
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/peergate', import.meta.url)));

let firstStop: Promise<StopSignal> | undefined;

/** Resolves at the first stop signal after the first call. */
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

/** Returns a function that removes the listener. Without a listener a signal ends the process at once. */
function onNextStopSignal(listener: (signal: StopSignal) => void): () => void {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const ignore = () => {
    for (const signal of signals) process.off(signal, receive);
  };
  const receive = (signal: NodeJS.Signals) => {
    ignore();
    listener(signal as StopSignal);
  };
  for (const signal of signals) process.on(signal, receive);
  return ignore;
}

// By default this signal opens Node's debugger, to which any program on this machine could connect.
process.on('SIGUSR1', () => undefined);

const outputs = [process.stdout, process.stderr];
let status: ExitStatus | undefined;
let lost: Error | undefined;
for (const output of outputs)
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') lost ??= error;
    // A reader that has gone, such as `head`, wants no more.
    else if (output === process.stdout && status === undefined) process.exit(1);
  });

/** Resolves when everything written so far is out, or has failed. */
const flushed = (output: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => output.write('', () => resolve()));

status = await runCommand(commands, process.argv.slice(2), {
  environment: { ...process.env },
  now: systemClock.now(),
  version: packageJson.version,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  // https://no-color.org: present and not empty.
  colours: process.stdout.isTTY === true && !process.env['NO_COLOR'],
  isInteractive: process.stderr.isTTY === true,
  stopRequested,
  stopRequestedAgain,
  onReload: (reload) => void process.on('SIGHUP', reload),
  onReopen: (reopen) => void process.on('SIGUSR2', reopen),
});
await Promise.all(outputs.filter(({ writableLength }) => writableLength > 0).map(flushed));
// Errors of a stream are told of in a later turn than that of the write.
await new Promise(setImmediate);
if (lost !== undefined) process.stderr.write(`The output could not be written: ${lost.message}\n`);
// An open handle, such as an idle connection, must not keep a finished command alive.
process.exit(lost === undefined ? status : status || 1);
