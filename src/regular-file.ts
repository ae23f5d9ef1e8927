// Reads the files that settings name. Refuses a pipe, in which the opening would wait for a writer, and a device, which may have
// no end: the gateway reads such a file again and again, and a call that hangs would keep its process from ending.
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const flags = constants.O_RDONLY | constants.O_NONBLOCK;

/** Symbolic links are followed. */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const file = await open(path, flags);
  try {
    requireRegular(await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

export async function readRegularFile(path: string): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

export function readRegularFileSync(path: string): Buffer {
  const file = openSync(path, flags);
  try {
    requireRegular(fstatSync(file));
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** The read itself refuses a folder, as EISDIR. */
function requireRegular(found: Stats): void {
  if (!found.isFile() && !found.isDirectory())
    throw Object.assign(new Error('no regular file'), { syscall: 'open' });
}
