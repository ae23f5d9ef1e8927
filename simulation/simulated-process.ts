// A process of the simulated world: one run of a gateway, from its start to its stop or crash. Code that runs in it, and
// whatever that code waits for, is told apart from that of other processes by its asynchronous context.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { Surroundings } from './surroundings.ts';

export interface SimulatedProcess {
  readonly name: string;
  readonly schedule: Schedule;
  readonly random: Random;
  readonly surroundings: Surroundings;
  /** Nothing happens in it any more. */
  isDead: boolean;
  /** Nothing happens in it before. */
  stalledUntil: number;
  /** Milliseconds since the epoch at the beginning of the run, by this machine's clock. */
  wallOffset: number;
  readonly startedAt: number;
}

const context = new AsyncLocalStorage<SimulatedProcess>();

export const inProcess = <Result>(owner: SimulatedProcess, act: () => Result): Result =>
  context.run(owner, act);

/** `undefined` outside of the simulated world. */
export const currentProcess = (): SimulatedProcess | undefined => context.getStore();

/** For code that can run nowhere else. */
export function thisProcess(): SimulatedProcess {
  const owner = context.getStore();
  if (owner === undefined) throw new Error('this runs in a simulated process only');
  return owner;
}
