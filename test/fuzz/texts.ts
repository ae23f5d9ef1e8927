// Texts of any characters, and what of them can stand in a header section.
import fc from 'fast-check';

/** Any code units but lone surrogates. fast-check's own arbitrary for it takes seconds to make. */
export const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0, max: 0x10_ffff })), {
      maxLength,
    })
    .map((points) => String.fromCodePoint(...points).toWellFormed());

/** What can stand in the value of a header field without ending it. */
export function printable(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(/[^\t -~\x80-\xff]/g, '?');
}
