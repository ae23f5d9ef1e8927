// Records that a gateway did not write so. A command that reads records without verifying the log says that there are some.
import { type Found, linkOf } from '../audit/record/found-record.ts';

/** Do content and fingerprint match, and has the record a place in a chain? */
export const isIntact = ({ record, text }: Found): boolean => linkOf(record, text)?.intact === true;

/** One line; nothing when there are none. `consequence`: what becomes of them. */
export function describeAltered(records: number, consequence = ''): string {
  if (records === 0) return '';
  const [are, them] = records === 1 ? ['record is', 'it'] : ['records are', 'them'];
  return `${records} ${are} not as a gateway wrote ${them}${consequence}. Run \`audit verify\`.\n`;
}
