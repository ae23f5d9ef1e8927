// Starts the programs of a measurement, each on its own core, and ends every one of them, by its id: none outlives the
// run, not even when the run is killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `undefined`: on any core. */
  readonly core: number | undefined;
  /** Where standard output and standard error go: a file, the terminal, or to whoever reads the pipe. */
  readonly output: number | 'inherit' | 'pipe';
  /** With a channel for messages. */
  readonly ipc?: boolean;
}

const stopMs = 5_000;

export class Processes {
  readonly #running = new Set<ChildProcess>();

  constructor() {
    process.once('exit', () => this.#killAll());
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => process.exit(1));
  }

  start({ command, args, env, core, output, ipc }: Program): ChildProcess {
    const pinned = core === undefined ? [] : ['taskset', '-c', String(core)];
    // The kernel ends it with this process, even one that gets no time to do so itself (prctl(2), PR_SET_PDEATHSIG).
    const words = ['setpriv', '--pdeathsig', 'KILL', ...pinned, command, ...args];
    const child = spawn(words[0] as string, words.slice(1), {
      // Nothing of this process's environment: a setting of somebody's shell must not change what is measured.
      env: { PATH: searchPath(), ...env },
      stdio: [
        'ignore',
        output,
        output === 'pipe' ? 'inherit' : output,
        ...(ipc === true ? ['ipc' as const] : []),
      ],
    });
    this.#running.add(child);
    child.once('error', () => this.#running.delete(child));
    child.once('exit', () => this.#running.delete(child));
    return child;
  }

  /** Resolves when it is gone. */
  async stop(child: ChildProcess): Promise<void> {
    if (!this.#running.has(child)) return;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await gone;
    clearTimeout(timer);
  }

  #killAll(): void {
    for (const child of this.#running) child.kill('SIGKILL');
  }
}

/** Debian keeps haproxy where only root's path leads. */
export const searchPath = (): string => `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;

export function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error(`${child.spawnfile} could not be started`);
  return child.pid;
}

/** Rejects when the process ends before, or says nothing in time. */
export function nextMessage<Message>(child: ChildProcess, timeoutMs: number): Promise<Message> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => done(() => reject(new Error(`no word within ${timeoutMs} ms`))),
      timeoutMs,
    );
    const heard = (message: unknown) => done(() => resolve(message as Message));
    const ended = () => done(() => reject(new Error('the process ended')));
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      child.off('message', heard).off('exit', ended);
      settle();
    };
    child.once('message', heard).once('exit', ended);
  });
}
