// The calls of the file system that the audit log is made of, as promises. One table, so that a test can put a broken disk
// below the real code. The callback forms: at a few thousand syncs a second those of FileHandle cost a tenth more.
import fs from 'node:fs';
import { promisify } from 'node:util';

export interface LogFiles {
  open(path: string, flags: number | string, mode?: number): Promise<number>;
  close(fd: number): Promise<void>;
  stat(path: string): Promise<fs.Stats>;
  fstat(fd: number): Promise<fs.Stats>;
  /** `bytesRead` is 0 at the end. */
  read(
    ...at: [fd: number, buffer: Buffer, offset: number, length: number, position: number]
  ): Promise<{ bytesRead: number }>;
  /** At the end of the file; `bytesWritten` may be fewer than there are. */
  write(fd: number, buffer: Buffer, offset: number): Promise<{ bytesWritten: number }>;
  fdatasync(fd: number): Promise<void>;
  ftruncate(fd: number, length: number): Promise<void>;
  unlink(path: string): Promise<void>;
}

export const systemFiles: LogFiles = Object.freeze({
  open: promisify(fs.open),
  close: promisify(fs.close),
  stat: promisify<string, fs.Stats>(fs.stat),
  fstat: promisify<number, fs.Stats>(fs.fstat),
  read: promisify(fs.read),
  write: promisify(fs.write),
  fdatasync: promisify(fs.fdatasync),
  ftruncate: promisify(fs.ftruncate),
  unlink: promisify(fs.unlink),
});

/** Writes the whole buffer. Rejects with what the disk said; then a part of it may be in the file. */
export async function writeAll(files: LogFiles, fd: number, buffer: Buffer): Promise<void> {
  let written = 0;
  while (written < buffer.length) written += (await files.write(fd, buffer, written)).bytesWritten;
}

/** Reads `length` bytes, or what there is. */
export async function readAt(files: LogFiles, fd: number, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await files.read(fd, buffer, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return buffer.subarray(0, done);
}
