// The effective settings as an operator reads them: grouped, aligned, each with where it comes from, and what is not the
// default stands out. The value is last, so that a long one disturbs no column.
import type { EffectiveGroup, EffectiveSetting } from '../config/effective-settings.ts';
import { printable, type Style } from './terminal.ts';

const columns = 80;
const sourceWidth = 'environment'.length + 2;

/** One line a setting; a list that is too long goes on in the next line. */
export const describeSettings = (groups: readonly EffectiveGroup[], style: Style): string[] =>
  groups.flatMap(({ title, settings }) => ['', title, ...describeGroup(settings, style)]);

/** Aligned by itself: one long name would push the values of all groups out of the window. */
function describeGroup(settings: readonly EffectiveSetting[], { faint, marked }: Style): string[] {
  const nameWidth = Math.max(...settings.map(({ name }) => name.length)) + 2;
  const indent = 2 + nameWidth + sourceWidth;
  return settings.flatMap((setting) => {
    const [first = '', ...rest] = wrapList(shown(setting), columns - indent);
    const head = `${setting.name.padEnd(nameWidth)}${setting.source.padEnd(sourceWidth)}`;
    const paint = setting.source === 'default' ? faint : marked;
    return [`  ${paint(`${head}${first}`)}`, ...rest.map((line) => `${' '.repeat(indent)}${paint(line)}`)];
  });
}

const shown = ({ value }: EffectiveSetting): string => (value === undefined ? 'not set' : printable(value));

/** Breaks behind commas only: everything else must stay fit to be copied. */
function wrapList(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const part of text.split(/(?<=,)/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length <= width) lines[lines.length - 1] = last + part;
    else lines.push(part);
  }
  return lines;
}
