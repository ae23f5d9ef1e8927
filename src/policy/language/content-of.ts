// Reads a file whole. Never throws.
import { readFileSync } from 'node:fs';

/** The bytes, or the reason why there are none. */
export function contentOf(path: string): Uint8Array | string {
  try {
    return readFileSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error';
  }
}
