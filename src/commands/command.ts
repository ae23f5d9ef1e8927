// The interface of a command: arguments, environment and output streams in, an exit status out. Commands do not access the
// process itself.
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
  /** Is standard error a terminal, so that progress is worth showing? */
  readonly isInteractive: boolean;
  /** Resolves at the first stop signal. */
  readonly stopRequested: () => Promise<StopSignal>;
  /** Resolves at the next stop signal, or when `over` aborts. While nobody waits, a further signal ends the process. */
  readonly stopRequestedAgain: (over: AbortSignal) => Promise<void>;
  /** Registers a callback for SIGHUP. */
  readonly onReload: (reload: () => void) => void;
  /** Registers a callback for SIGUSR2. */
  readonly onReopen: (reopen: () => void) => void;
}

export type StopSignal = 'SIGTERM' | 'SIGINT';

/** 0: all well. 1: a problem was found. 2: wrong usage. */
export type ExitStatus = 0 | 1 | 2;

/** Arguments after the command's name, already validated. */
export interface Arguments {
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, string | undefined>>;
  /** The given options without a value. */
  readonly flags: ReadonlySet<string>;
}

export interface Command {
  /** The text of `--help`, in lines of at most 80 columns. */
  readonly help: string;
  /** Long names of options with a value. */
  readonly options?: readonly string[];
  /** Options without a value. */
  readonly flags?: readonly string[];
  readonly requiredOptions?: readonly string[];
  /** Without it, the command takes no positionals. */
  readonly positionals?: { readonly min: number; readonly max: number };
  run(input: CommandInput, args: Arguments): Promise<ExitStatus> | ExitStatus;
}
