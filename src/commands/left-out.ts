// Records that a gateway did not write so: a command that reads records without verifying the log leaves them out, and says it.
import { type Found, linkOf } from '../audit/record/found-record.ts';

/** Do content and fingerprint match, and has the record a place in a chain? */
export const isIntact = ({ record, text }: Found): boolean => linkOf(record, text)?.intact === true;

/** One line; nothing when there are none. */
export function describeLeftOut(records: number): string {
  if (records === 0) return '';
  const [were, them] = records === 1 ? ['record was', 'it'] : ['records were', 'them'];
  return `${records} ${were} left out: not as a gateway wrote ${them}. Run \`audit verify\`.\n`;
}
