// The version of a policy: by it decisions and records name the policy, and a reload knows whether anything has changed.
import { createHash } from 'node:crypto';

/** A file of a policy. `name` is the one that the policy gives it; the policy file itself has the empty name. */
export interface PolicyFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** SHA-256 in lower-case hex of the policy file and then each file that it names, in the order of first mention. */
export function policyVersion(files: readonly PolicyFile[]): string {
  const hash = createHash('sha256');
  for (const { name, bytes } of files) hash.update(fileHeader(name, bytes.byteLength)).update(bytes);
  return hash.digest('hex');
}

/** What stands before a file's bytes, so that none of them can pass for a part of another file. */
export const fileHeader = (name: string, length: number): string => `${name}\0${length}\0`;
