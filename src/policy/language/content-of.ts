// Reads a file whole. Never throws.
import { readFileSync } from 'node:fs';
import { readRegularFileSync } from '../../regular-file.ts';

/** The bytes, or the reason why there are none. */
export type ReadContent = (path: string) => Uint8Array | string;

/** Of a file that is named by a setting, or by such a file. */
export const contentOf: ReadContent = (path) => attempt(readRegularFileSync, path);

/** Of a file that is named by an argument of a command. It may be a pipe, as `<(...)` of a shell is. */
export const contentOfArgument: ReadContent = (path) => attempt(readFileSync, path);

function attempt(read: (path: string) => Buffer, path: string): Buffer | string {
  try {
    return read(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}
