// Takes the place of `node:fs` for code of the gateway: the files of the simulated machine.
import { constants, type Stats } from 'node:fs';
import { Readable } from 'node:stream';
import { thisProcess } from '../simulated-process.ts';

export { constants, type Stats };

/** What is opened to be read at once is known by its path. */
export function openSync(path: string): string {
  thisProcess().surroundings.disk.describe(path);
  return path;
}

export const readFileSync = (path: string): Buffer => thisProcess().surroundings.disk.contentOf(path);
export const closeSync = (): void => undefined;

/** Gives what is in the file when it is read, as the disk gets to it. */
export function createReadStream(path: string): Readable {
  const { schedule, surroundings } = thisProcess();
  const owner = thisProcess();
  const { disk } = surroundings;
  let isRead = false;
  return new Readable({
    read() {
      if (isRead) return;
      isRead = true;
      schedule.later(owner, disk.latency(), `read ${path}`, () => {
        try {
          const bytes = disk.contentOf(path);
          if (bytes.length > 0) this.push(bytes);
          this.push(null);
        } catch (error) {
          this.destroy(error as Error);
        }
      });
    },
  });
}

function notSimulated(): never {
  throw new Error('the simulated machine has no such call');
}

// biome-ignore lint/style/noDefaultExport: this is a default export of Node's
export default {
  open: notSimulated,
  close: notSimulated,
  stat: notSimulated,
  fstat: notSimulated,
  read: notSimulated,
  write: notSimulated,
  fdatasync: notSimulated,
  ftruncate: notSimulated,
  unlink: notSimulated,
};

/** Of standard output, to which writes return at once, and of what `openSync` has opened. */
export const fstatSync = () => ({ isFIFO: () => false, isSocket: () => false, isFile: () => true });

export function writeSync(_fd: number, bytes: Buffer): number {
  const { stdout } = thisProcess().surroundings;
  if (stdout === undefined) throw new Error('this process has no standard output');
  return stdout.write(bytes);
}

export { notSimulated as statSync, notSimulated as write };
