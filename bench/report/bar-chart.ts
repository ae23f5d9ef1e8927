// Bars with their ranges, one below the other: the bar ends at the median, the line goes from the least to the most.
import type { Range } from './statistics.ts';
import { colours, lineFrom, picture, rectangle, textAt, ticksTo } from './svg.ts';
import { figure } from './table.ts';

export interface Bar {
  readonly name: string;
  readonly range: Range;
  /** In another colour than the rest. */
  readonly ours: boolean;
}

export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const width = 820;
const left = 200;
const right = 110;
const rowHeight = 24;
const headHeight = 46;
const footHeight = 18;

export function barChart(title: string, panels: readonly Panel[]): string {
  const parts = [textAt(16, 28, title, { size: 16, bold: true })];
  let y = 40;
  for (const panel of panels) {
    parts.push(...drawPanel(panel, y));
    y += headHeight + panel.bars.length * rowHeight + footHeight;
  }
  return picture(title, width, y, parts);
}

function drawPanel({ title, bars }: Panel, top: number): string[] {
  const ticks = ticksTo(Math.max(...bars.map(({ range }) => range.max)));
  const scale = (width - left - right) / (ticks.at(-1) ?? 1);
  const bottom = top + headHeight + bars.length * rowHeight;
  const parts = [textAt(16, top + 20, title, { bold: true, size: 13 })];
  for (const tick of ticks) {
    const x = left + tick * scale;
    parts.push(lineFrom(x, top + headHeight - 6, x, bottom, colours.grid));
    parts.push(
      textAt(x, top + headHeight - 10, tick.toLocaleString('en-US'), { anchor: 'middle', size: 10 }),
    );
  }
  for (const [index, { name, range, ours }] of bars.entries()) {
    const y = top + headHeight + index * rowHeight;
    const middle = y + rowHeight / 2;
    const end = left + range.max * scale;
    parts.push(textAt(left - 8, middle + 4, name, { anchor: 'end', bold: ours }));
    parts.push(
      rectangle(left, y + 4, range.median * scale, rowHeight - 8, ours ? colours.ours : colours.theirs),
    );
    parts.push(lineFrom(left + range.min * scale, middle, end, middle, colours.range, 1.5));
    for (const x of [left + range.min * scale, end])
      parts.push(lineFrom(x, middle - 4, x, middle + 4, colours.range, 1.5));
    parts.push(textAt(end + 8, middle + 4, figure(range.median), { size: 11 }));
  }
  return parts;
}
