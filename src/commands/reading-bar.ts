// A progress bar for commands that read large files. Shown only on a terminal, and removed when the command ends.
import type { CommandInput } from './command.ts';

interface ReadingBar {
  /** Called with the number of bytes read since the last call. */
  readonly advance: (bytes: number) => void;
  /** Removes the bar, before output or at the end. */
  readonly clear: () => void;
}

/** Smaller files are read too fast for a bar. */
const minTotalBytes = 8 * 1024 * 1024;

const barWidth = 30;
const clearLine = '\r\x1b[K';

/** `total`: bytes of all files together. */
export function createReadingBar({ isInteractive, stderr }: CommandInput, total: number): ReadingBar {
  const shown = isInteractive && total >= minTotalBytes;
  let done = 0;
  let last = '';
  return {
    advance(bytes) {
      done += bytes;
      const next = progressLine(done, total);
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

/** A line that replaces itself. */
function progressLine(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(done / total, 1);
  const filled = Math.round(share * barWidth);
  return `\r${'█'.repeat(filled)}${'░'.repeat(barWidth - filled)} ${Math.floor(share * 100)} % read\x1b[K`;
}
