#!/usr/bin/env node
// The only file that touches the process: arguments, environment, signals, exit status.
import { parseArgs } from 'node:util';
import packageJson from '../package.json' with { type: 'json' };
import { check } from './commands/check.ts';
import type { CommandInput, ExitStatus } from './commands/command.ts';
import { serve } from './commands/serve.ts';

const usage = `peergate ${packageJson.version}: VPC peerings to Aerospike Cloud, under your policy

Usage: node src/main.ts COMMAND

Commands
  serve   Run the gateway, with its settings from the environment.
  check   Read settings and policy and report every fault; opens no connection.

Options
  --help     Show this text.
  --version  Show the version.

The settings are listed in README.md. Exit status: 0 all well, 1 something is
wrong, 2 called wrongly.
`;

function stopRequested(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      // A second signal ends the process at once, as it would without the gateway.
      process.once(signal, () => resolve());
    }
  });
}

async function run(): Promise<ExitStatus> {
  const input: CommandInput = {
    environment: { ...process.env },
    version: packageJson.version,
    print: (text) => process.stdout.write(text),
    complain: (text) => process.stderr.write(text),
  };
  const options = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    input.complain(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  const [command, ...rest] = parsed.positionals;
  if (parsed.values.version) input.print(`${packageJson.version}\n`);
  else if (parsed.values.help) input.print(usage);
  else if (rest.length > 0) input.complain(`peergate ${command} takes no arguments.\n\n${usage}`);
  else if (command === 'serve') return await serve({ ...input, stopRequested: stopRequested() });
  else if (command === 'check') return await check(input);
  else
    input.complain(
      `${command === undefined ? 'A command is missing.' : `There is no command ${command}.`}\n\n${usage}`,
    );
  return parsed.values.version || parsed.values.help ? 0 : 2;
}

process.exit(await run());
