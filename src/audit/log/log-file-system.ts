// The calls of the file system that the audit log is made of, as promises. One table, so that a test can put a broken disk
// below the real code. The callback forms: at a few thousand syncs a second those of FileHandle cost a tenth more.
import fs from 'node:fs';
import { promisify } from 'node:util';

export interface LogFiles {
  open(path: string, flags: number | string, mode?: number): Promise<number>;
  close(fd: number): Promise<void>;
  stat(path: string): Promise<fs.Stats>;
  fstat(fd: number): Promise<fs.Stats>;
  /** Bytes read; 0 at the end. */
  read(fd: number, buffer: Buffer, offset: number, length: number, position: number): Promise<number>;
  /** Bytes written at the end of the file, which may be fewer than there are. */
  write(fd: number, buffer: Buffer, offset: number): Promise<number>;
  fdatasync(fd: number): Promise<void>;
  ftruncate(fd: number, length: number): Promise<void>;
  unlink(path: string): Promise<void>;
}

const open = promisify(fs.open);
const stat = promisify(fs.stat);
const fstat = promisify(fs.fstat);

export const systemFiles: LogFiles = Object.freeze({
  open,
  stat: (path: string) => stat(path),
  fstat: (fd: number) => fstat(fd),
  close: promisify(fs.close),
  unlink: (path: string) => promisify(fs.unlink)(path),
  fdatasync: promisify(fs.fdatasync),
  ftruncate: (fd: number, length: number) => promisify(fs.ftruncate)(fd, length),
  read: (fd: number, buffer: Buffer, offset: number, length: number, position: number) =>
    new Promise<number>((resolve, reject) => {
      fs.read(fd, buffer, offset, length, position, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    }),
  write: (fd: number, buffer: Buffer, offset: number) =>
    new Promise<number>((resolve, reject) => {
      fs.write(fd, buffer, offset, buffer.length - offset, null, (error, count) =>
        error ? reject(error) : resolve(count),
      );
    }),
});

/** Writes the whole buffer. Rejects with what the disk said; then a part of it may be in the file. */
export async function writeAll(files: LogFiles, fd: number, buffer: Buffer): Promise<void> {
  let written = 0;
  while (written < buffer.length) written += await files.write(fd, buffer, written);
}

/** Reads `length` bytes, or what there is. */
export async function readAt(files: LogFiles, fd: number, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const count = await files.read(fd, buffer, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return buffer.subarray(0, done);
}
