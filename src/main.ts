#!/usr/bin/env node
// The only file that touches the process: arguments, environment, signals, exit status.
import packageJson from '../package.json' with { type: 'json' };
import { systemClock } from './clock.ts';
import { auditVerifyCommand } from './commands/audit-verify.ts';
import { checkCommand } from './commands/check.ts';
import { policyExplainCommand } from './commands/policy-explain.ts';
import { policyReplayCommand } from './commands/policy-replay.ts';
import { policyTestCommand } from './commands/policy-test.ts';
import { runCommand } from './commands/run-command.ts';
import { serveCommand } from './commands/serve.ts';

const commands = [
  serveCommand,
  checkCommand,
  policyTestCommand,
  policyExplainCommand,
  policyReplayCommand,
  auditVerifyCommand,
];

function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ['SIGTERM', 'SIGINT'] as const;
    const stop = (): void => {
      // A second signal, whichever it is, ends the process at once, as it would without the gateway.
      for (const signal of signals) process.off(signal, stop);
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}

const { NO_COLOR: noColour } = process.env;

const status = await runCommand(commands, process.argv.slice(2), {
  environment: { ...process.env },
  now: systemClock.now(),
  version: packageJson.version,
  print: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
  // https://no-color.org: present and not empty.
  colours: process.stdout.isTTY === true && (noColour === undefined || noColour === ''),
  watched: process.stderr.isTTY === true,
  stopRequested,
  onReload: (reload) => void process.on('SIGHUP', reload),
  onReopen: (reopen) => void process.on('SIGUSR2', reopen),
});
// Nothing that is still open, such as an idle connection, may keep a finished command alive.
process.exit(status);
