// Loads only the called command: a health check must not load the whole gateway to send one request. Without a command, loads
// all of them for the overview.
import type { Command } from './command.ts';

/** By the command's name. */
type CommandLoaders = Readonly<Record<string, () => Promise<Command>>>;

export async function loadCommands(loaders: CommandLoaders, argv: readonly string[]): Promise<Command[]> {
  const called = Object.entries(loaders).find(([name]) =>
    name.split(' ').every((word, index) => argv[index] === word),
  );
  const load = called === undefined ? Object.values(loaders) : [called[1]];
  return await Promise.all(load.map((loader) => loader()));
}
