// Holds the policy in force. A store exists only with a good policy in it: a file that cannot be read or has a fault
// gives the faults instead.
import { readFile } from 'node:fs/promises';
import type { Policy } from './decide.ts';
import { type PolicyFault, readPolicy } from './read-policy.ts';

export interface PolicyStore {
  /** The policy to decide by. A request takes it once and keeps it to its end. */
  current(): Policy;
}

export type LoadedPolicy = { readonly store: PolicyStore } | { readonly faults: readonly PolicyFault[] };

/** Loads the file once. Never throws: a file that cannot be read is a fault like any other. */
export async function loadPolicy(path: string): Promise<LoadedPolicy> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return { faults: [{ line: 1, column: 1, member: '', message: `cannot be read (${reason})` }] };
  }
  const read = readPolicy(bytes);
  if ('faults' in read) return read;
  const { policy } = read;
  return { store: { current: () => policy } };
}

/** `FILE:LINE:COLUMN: MEMBER MESSAGE`, as editors and terminals understand it. */
export const describePolicyFault = (path: string, { line, column, member, message }: PolicyFault): string =>
  `${path}:${line}:${column}: ${member === '' ? 'the policy' : member} ${message}`;
