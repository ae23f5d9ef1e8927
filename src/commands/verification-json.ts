// What `audit verify --json` prints: one object on one line, whose members stand in the command's help. Holds no character
// that a terminal could take for a command.
import type { Verification } from '../audit/verify/verify-logs.ts';
import { describeIntent } from './describe-intent.ts';

export function verificationAsJson(found: Verification, ok: boolean): string {
  const { openIntents, signed, last, ...rest } = found;
  const value = {
    ok,
    ...rest,
    last: last ?? null,
    signed: signed === undefined ? null : { ...signed, until: timeOf(signed.until) },
    openIntents: openIntents.map(({ file, line, outcome, record }) => ({
      file,
      line,
      outcome,
      ...describeIntent(record),
    })),
  };
  return `${JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}]/gu, escaped)}\n`;
}

const timeOf = (time: number | undefined): string | null =>
  time === undefined ? null : new Date(time).toISOString();

/** RFC 8259 section 7: any character may be written so, beyond U+FFFF as two. */
const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, index) => {
    const unit = character.charCodeAt(index);
    return `\\u${unit.toString(16).padStart(4, '0')}`;
  }).join('');
