// Reads the command that is called, and no other: a health check would otherwise read the whole gateway to send one
// request. All of them are read when none is called, for the overview.
import type { Command } from './command.ts';

/** How to read each command, by its name as it is typed. */
type CommandLoaders = Readonly<Record<string, () => Promise<Command>>>;

export async function loadCommands(loaders: CommandLoaders, argv: readonly string[]): Promise<Command[]> {
  const called = Object.entries(loaders).find(([name]) =>
    name.split(' ').every((word, index) => argv[index] === word),
  );
  const load = called === undefined ? Object.values(loaders) : [called[1]];
  return await Promise.all(load.map((read) => read()));
}
