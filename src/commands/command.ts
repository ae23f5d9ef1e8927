// What a command gets and gives: the environment and two places to write to in, an exit status out. No command touches
// the process itself.
import type { Environment } from '../config/load.ts';

export interface CommandInput {
  readonly environment: Environment;
  /** This version of peergate. */
  readonly version: string;
  /** Text for people, to standard output. */
  readonly print: (text: string) => void;
  /** Text for people, to standard error. */
  readonly complain: (text: string) => void;
}

/** 0: all well. 1: it found something wrong. 2: it was called wrongly. */
export type ExitStatus = 0 | 1 | 2;
