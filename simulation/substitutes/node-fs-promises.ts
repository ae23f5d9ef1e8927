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
      read: (buffer: Buffer, offset: number, length: number, position: number) =>
        attempt(() => {
          const bytesRead = disk()
            .contentOf(path)
            .copy(buffer, offset, position, position + length);
          return { buffer, bytesRead };
        }),
      readFile: () => attempt(() => disk().contentOf(path)),
      createReadStream: () => createReadStream(path),
      close: () => Promise.resolve(),
    };
  });

const attempt = <Result>(act: () => Result): Promise<Result> => Promise.resolve().then(act);
