// Finds and loads the called command, and validates its arguments. Wrong usage ends with status 2 and the usage text.
import { parseArgs } from 'node:util';
import { nearest } from '../config/nearest-word.ts';
import type { Command, CommandInput, ExitStatus } from './command.ts';
import type { ListedCommand } from './commands.ts';

const isCalled = (name: string, argv: readonly string[]): boolean =>
  name.split(' ').every((word, index) => argv[index] === word);

export async function runCommand(
  commands: readonly ListedCommand[],
  argv: readonly string[],
  input: CommandInput,
): Promise<ExitStatus> {
  const called = commands.find(({ name }) => isCalled(name, argv));
  const command = await called?.load(input);
  const usage = command === undefined ? overview(commands, input.version) : command.help;
  const wrong = (reason: string): ExitStatus => {
    input.stderr(`${reason}\n\n${usage}`);
    return 2;
  };
  const rest = argv.slice(called === undefined ? 0 : called.name.split(' ').length);
  const parsed = parse(command, rest);
  if (typeof parsed === 'string') return wrong(parsed);
  const { help, version, ...options } = parsed.values;
  if (help === true || version === true) {
    input.stdout(version === true ? `${input.version}\n` : usage);
    return 0;
  }
  if (called === undefined || command === undefined) return wrong(unknown(commands, argv));
  const { min, max } = command.positionals ?? { min: 0, max: 0 };
  const { positionals } = parsed;
  const given = options as Record<string, string | undefined>;
  const flags = new Set((command.flags ?? []).filter((name) => given[name] !== undefined));
  const missing = command.requiredOptions?.filter((name) => given[name] === undefined) ?? [];
  if (missing.length > 0)
    return wrong(`${called.name} needs ${missing.map((name) => `--${name}`).join(' and ')}.`);
  if (positionals.length < min) return wrong(`${called.name} needs more arguments.`);
  if (positionals.length > max)
    return wrong(`${called.name} got an unexpected argument ${positionals[max]}.`);
  return await command.run(input, { positionals, options: given, flags });
}

function parse(command: Command | undefined, args: readonly string[]) {
  const own = {
    ...Object.fromEntries((command?.options ?? []).map((name) => [name, { type: 'string' as const }])),
    ...Object.fromEntries((command?.flags ?? []).map((name) => [name, { type: 'boolean' as const }])),
  };
  const common = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean' } } as const;
  try {
    const options = { ...own, ...common };
    const { tokens, ...parsed } = parseArgs({
      args: [...args],
      options,
      allowPositionals: true,
      tokens: true,
    });
    const names = tokens.flatMap((token) => (token.kind === 'option' ? [token.name] : []));
    // Of several values only the last would count.
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    return repeated === undefined ? parsed : `The option --${repeated} is there more than once.`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A word that takes more edits is another word. */
const maxEdits = 2;

function unknown(commands: readonly ListedCommand[], argv: readonly string[]): string {
  const words = argv.filter((word) => !word.startsWith('-')).slice(0, 2);
  if (words.length === 0) return 'A command is missing.';
  const names = commands.map(({ name }) => name);
  const likely =
    nearest(words.join(' '), names, maxEdits + words.length - 1) ?? nearest(words[0] ?? '', names, maxEdits);
  const suggestion = likely === undefined ? '' : ` Did you mean ${likely}?`;
  return `There is no command ${words.join(' ')}.${suggestion}`;
}

function overview(commands: readonly ListedCommand[], version: string): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  const lines = [...Map.groupBy(commands, ({ topic }) => topic)].map(([topic, group]) => [
    ` ${topic}\n`,
    ...group.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}\n`),
  ]);
  return `peergate ${version}: VPC peerings to Aerospike Cloud, under your policy

Usage: bin/peergate COMMAND [ARGUMENTS]

Commands
${lines.flat().join('')}
Options
  --help     Show this text, or the help of the given command.
  --version  Show the version.

Getting started, from the root of the repository
  npm run demo
    The gateway between stand-ins on this machine, and calls to paste.
  bin/peergate policy test examples/several-teams/policy.yaml \\
    examples/several-teams/tests.yaml
    A policy and its own test cases. docs/policy.md is the guide to both.
  bin/peergate check --help
    What has to be set before the gateway starts.

Settings come from the environment; docs/settings.md lists them.
Colours appear only on terminals; NO_COLOR=1 turns them off.
Exit status: 0 all well, 1 a problem was found, 2 wrong usage.
`;
}
