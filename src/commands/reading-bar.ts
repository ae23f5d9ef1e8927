// A progress bar for commands that read large files. Shown only on a terminal, and removed when the command ends.
import type { CommandInput } from './command.ts';
import { clearLine, progressLine } from './terminal.ts';

interface ReadingBar {
  /** Called with the number of bytes read since the last call. */
  readonly advance: (bytes: number) => void;
  /** Removes the bar, before output or at the end. */
  readonly clear: () => void;
}

/** Smaller files are read too fast for a bar. */
const minTotalBytes = 8 * 1024 * 1024;

/** `total`: bytes of all files together. */
export function createReadingBar({ isInteractive, stderr }: CommandInput, total: number): ReadingBar {
  const shown = isInteractive && total >= minTotalBytes;
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
