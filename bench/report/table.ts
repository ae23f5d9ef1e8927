// Markdown tables, and how numbers look in them.
import type { Range } from './statistics.ts';

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  // The first column has names, the others have numbers.
  const rule = head.map((_, index) => (index === 0 ? '---' : '--:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** Three significant digits, or all of a larger number, with thousands apart. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.01))));
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The median and, in brackets, the range. */
export const ranged = ({ min, median, max }: Range): string =>
  min === max ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`;

export const percent = (share: number): string => `${Math.round(share * 100)} %`;
