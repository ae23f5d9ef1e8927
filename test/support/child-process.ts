// Child processes of tests: none outlives its test, whatever else fails there, nor the process of its test file.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Scope } from './scope.ts';

const running = new Map<ChildProcess, NodeJS.Signals>();

// Comes before the removal of temporary folders, into which a child may still write.
process.prependOnceListener('exit', () => {
  for (const [child, signal] of running) child.kill(signal);
});

/** Sends the signal to the child when this process exits, if it has not ended before. For a child that ends by itself. */
export function endAtExit<C extends ChildProcess>(child: C, signal: NodeJS.Signals = 'SIGKILL'): C {
  running.set(child, signal);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Sends the signal to the child when the test ends, and the test waits for the child's end. */
export function endWithTest<C extends ChildProcess>(
  test: Scope,
  child: C,
  signal: NodeJS.Signals = 'SIGKILL',
): C {
  endAtExit(child, signal);
  test.after(async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  });
  // node:test skips the remaining hooks after one that throws, but it aborts the test's signal in any case.
  test.signal.addEventListener('abort', () => child.kill(signal), { once: true });
  return child;
}
