// Takes the place of `node:fs/promises` for code of the gateway: the files of the simulated machine.
import { thisProcess } from '../simulated-process.ts';
import { createReadStream } from './node-fs.ts';

const disk = () => thisProcess().surroundings.disk;

export const stat = (path: string) => attempt(() => disk().describe(path));
export const readdir = (path: string) => attempt(() => disk().namesIn(path));

/** Of a file that is only read. */
export const open = (path: string) =>
  attempt(() => {
    disk().describe(path);
    return {
      stat: () => stat(path),
      readFile: () => attempt(() => disk().contentOf(path)),
      createReadStream: () => createReadStream(path),
      close: () => Promise.resolve(),
    };
  });

export const open = (path: string) =>
  attempt(() => {
    const content = disk().contentOf(path);
    return {
      read: async (buffer: Buffer, offset: number, length: number, position: number) => ({
        buffer,
        bytesRead: content.copy(buffer, offset, position, position + length),
      }),
      close: async () => undefined,
    };
  });

const attempt = <Result>(act: () => Result): Promise<Result> => Promise.resolve().then(act);
