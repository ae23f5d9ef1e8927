// An input of the gateway besides its HTTP routes, as a fuzz run sees it: how cases are made, and what each must come to.
// Cases are plain data, so that they can be printed, saved, replayed and shrunk.
import assert from 'node:assert/strict';
import type fc from 'fast-check';
import type { Edit } from './case.ts';
import { change } from './render.ts';

export interface Surface<Case> {
  readonly arbitrary: fc.Arbitrary<Case>;
  /** Bytes that the case puts in: its time may grow with them, and with nothing else. */
  size(fuzz: Case): number;
  /** Rejects when the case breaks a promise. Resolves to what came of it, for the tally. */
  check(fuzz: Case): Promise<string>;
  stop(): Promise<void>;
}

/** A text that stays short as data, however long it gets. */
export interface TextCase {
  /** One behind the other, each so many times. A run of `@` in one that is repeated is its number in so many digits. */
  readonly parts: readonly (readonly [text: string, times: number])[];
  /** Of the bytes in UTF-8. */
  readonly edits: readonly Edit[];
}

export function bytesOf({ parts, edits }: TextCase): Buffer {
  const repeated = ([text, times]: TextCase['parts'][number]): string =>
    times === 1
      ? text
      : Array.from({ length: times }, (_, turn) =>
          text.replaceAll(/@+/g, (run) => String(turn).padStart(run.length, '0')),
        ).join('');
  return change(Buffer.from(parts.map(repeated).join('')), edits);
}

const builtIn = [Object, Array, Function, String, Map].map(({ prototype }) => prototype as object);
const membersOfBuiltIn = (): string => builtIn.map((prototype) => Reflect.ownKeys(prototype).length).join();
const membersAtStart = membersOfBuiltIn();

/** Nothing that was read has become a member of every object. */
export const assertUnpolluted = (): void => assert.equal(membersOfBuiltIn(), membersAtStart);
