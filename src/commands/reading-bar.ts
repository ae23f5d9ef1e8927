// A progress bar for commands that read long files: on a terminal only, and gone when the command ends.
import type { CommandInput } from './command.ts';
import { clearLine, progressLine } from './terminal.ts';

interface ReadingBar {
  /** So many more bytes were read. */
  readonly advance: (bytes: number) => void;
  /** Takes the bar away, for a line of output or for good. */
  readonly clear: () => void;
}

/** Below this size a file is read before anybody could look at a bar. */
const worthABarBytes = 8 * 1024 * 1024;

/** `total`: bytes of all files together. */
export function createReadingBar({ isInteractive, stderr }: CommandInput, total: number): ReadingBar {
  const shown = isInteractive && total >= worthABarBytes;
  let done = 0;
  let last = '';
  return {
    advance(bytes) {
      done += bytes;
      const next = progressLine(done, total, 'read');
      if (!shown || next === last) return;
      last = next;
      stderr(next);
    },
    clear() {
      if (shown) stderr(clearLine);
      last = '';
    },
  };
}
