// How a cost grows: sizes on a logarithmic axis, the cost on one that begins at 0, so that what looks flat is flat.
import type { Range } from './statistics.ts';
import { colours, lineFrom, picture, textAt, ticksTo } from './svg.ts';

export interface Point {
  readonly size: number;
  readonly range: Range;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

const width = 720;
const height = 380;
const area = { left: 70, right: width - 30, top: 60, bottom: height - 60 };

export interface LineChart {
  readonly title: string;
  readonly sizes: string;
  readonly cost: string;
  readonly series: readonly Series[];
}

export function lineChart({ title, sizes, cost, series }: LineChart): string {
  const all = series.flatMap(({ points }) => points);
  const ticks = ticksTo(Math.max(...all.map(({ range }) => range.max)));
  const logs = all.map(({ size }) => Math.log10(size));
  const [first, last] = [Math.min(...logs), Math.max(...logs)];
  const x = (size: number): number =>
    area.left + ((Math.log10(size) - first) / (last - first || 1)) * (area.right - area.left);
  const y = (value: number): number => area.bottom - (value / (ticks.at(-1) ?? 1)) * (area.bottom - area.top);
  const parts = [
    textAt(16, 28, title, { size: 16, bold: true }),
    textAt(16, 48, cost, { size: 11 }),
    textAt((area.left + area.right) / 2, height - 16, sizes, { anchor: 'middle' }),
  ];
  for (const tick of ticks) {
    parts.push(lineFrom(area.left, y(tick), area.right, y(tick), colours.grid));
    parts.push(textAt(area.left - 8, y(tick) + 4, tick.toLocaleString('en-US'), { anchor: 'end', size: 10 }));
  }
  for (const size of new Set(all.map((point) => point.size)))
    parts.push(
      textAt(x(size), area.bottom + 18, size.toLocaleString('en-US'), { anchor: 'middle', size: 10 }),
    );
  for (const [index, { name, points }] of series.entries()) {
    const colour = index === 0 ? colours.ours : colours.second;
    parts.push(...drawSeries(points, x, y, colour));
    if (series.length > 1) {
      const at = { x: area.left + 10, y: area.top + 14 + index * 18 };
      parts.push(lineFrom(at.x, at.y - 4, at.x + 22, at.y - 4, colour, 2.5));
      parts.push(textAt(at.x + 30, at.y, name, { size: 11 }));
    }
  }
  return picture(title, width, height, parts);
}

function drawSeries(
  points: readonly Point[],
  x: (size: number) => number,
  y: (value: number) => number,
  colour: string,
): string[] {
  const path = points.map(({ size, range }) => `${x(size).toFixed(1)},${y(range.median).toFixed(1)}`);
  return [
    `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.flatMap(({ size, range }) => [
      lineFrom(x(size), y(range.min), x(size), y(range.max), colour, 1.5),
      `<circle cx="${x(size).toFixed(1)}" cy="${y(range.median).toFixed(1)}" r="3.5" fill="${colour}"/>`,
    ]),
  ];
}
