// Pieces of SVG, written by hand: a chart is a text that shows the same in every browser, in light and in dark, and
// loads nothing.

export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export interface TextStyle {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly bold?: boolean;
}

export function textAt(x: number, y: number, text: string, style: TextStyle = {}): string {
  const { anchor = 'start', size = 12, bold = false } = style;
  const weight = bold ? ' font-weight="600"' : '';
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" font-size="${size}"${weight}>${escapeText(text)}</text>`;
}

export function lineFrom(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${stroke}" stroke-width="${width}"/>`;
}

export const rectangle = (x: number, y: number, width: number, height: number, fill: string): string =>
  `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${fill}"/>`;

/** A whole picture with a ground of its own, so that it can be read on any page. */
export function picture(title: string, width: number, height: number, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeText(title).replaceAll('"', '&quot;')}" font-family="system-ui, sans-serif" fill="#1f2328">
<rect width="${width}" height="${height}" fill="#ffffff"/>
${parts.join('\n')}
</svg>
`;
}

export const colours = {
  ours: '#0b6bcb',
  theirs: '#8b95a1',
  range: '#1f2328',
  grid: '#d8dee4',
  second: '#c2410c',
};

const round = (value: number): string => String(Math.round(value * 10) / 10);

/** Round numbers from 0 to beyond `most`. */
export function ticksTo(most: number): number[] {
  const rough = Math.max(most, 1e-9) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
}
