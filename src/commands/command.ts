// What a command is, and what it gets and gives: its arguments, the environment and places to write to in, an exit status
// out. No command touches the process itself.
import type { Environment } from '../config/load.ts';

export interface CommandInput {
  readonly environment: Environment;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** This version of peergate. */
  readonly version: string;
  /** Text for people or programs, to standard output. */
  readonly stdout: (text: string) => void;
  /** Text for people, to standard error. */
  readonly stderr: (text: string) => void;
  /** May standard output have colours? */
  readonly colours: boolean;
  /** Is somebody looking at standard error, so that progress is worth showing? */
  readonly isInteractive: boolean;
  /** Resolves at the first signal that asks the process to stop. */
  readonly stopRequested: () => Promise<StopSignal>;
  /** Resolves at the next such signal, or when `over` aborts. While nobody waits here, a later signal ends the process. */
  readonly stopRequestedAgain: (over: AbortSignal) => Promise<void>;
  /** Calls back whenever the process is asked to read its policy again. */
  readonly onReload: (reload: () => void) => void;
  /** Calls back whenever the process is asked to open its audit file again. */
  readonly onReopen: (reopen: () => void) => void;
}

/** What asks the process to stop. */
export type StopSignal = 'SIGTERM' | 'SIGINT';

/** 0: all well. 1: it found something wrong. 2: it was called wrongly. */
export type ExitStatus = 0 | 1 | 2;

/** Arguments after the command's name, already checked against what the command takes. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
  /** The options without a value that were given. */
  readonly flags: ReadonlySet<string>;
}

export interface Command {
  /** As it is typed: one word or two. */
  readonly name: string;
  /** What it is for, as the heading that it stands under in the list of commands. */
  readonly topic: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole of `--help`, in lines of 80 columns at most. */
  readonly help: string;
  /** Options with a value, by their long name. */
  readonly options: readonly string[];
  /** Options without a value. */
  readonly flags?: readonly string[];
  readonly requiredOptions?: readonly string[];
  readonly positionals: { readonly min: number; readonly max: number };
  run(input: CommandInput, args: Arguments): Promise<ExitStatus> | ExitStatus;
}
