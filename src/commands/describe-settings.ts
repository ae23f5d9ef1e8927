// Formats the effective settings for operators: grouped, aligned, each with its source, and other than default values
// highlighted. The value is the last column, since it may be long.
import type { EffectiveGroup, EffectiveSetting } from '../config/effective-settings.ts';
import { printable, type Style, wrap } from './terminal.ts';

const columns = 80;
const sourceWidth = 'environment'.length + 2;

/** One line per setting. A long list continues in the next line. */
export const describeSettings = (groups: readonly EffectiveGroup[], style: Style): string[] =>
  groups.flatMap(({ title, settings }) => ['', title, ...describeGroup(settings, style)]);

/** Each group has its own alignment: a single long name must not widen all groups. */
function describeGroup(settings: readonly EffectiveSetting[], { faint, marked }: Style): string[] {
  const nameWidth = Math.max(...settings.map(({ name }) => name.length)) + 2;
  const indent = 2 + nameWidth + sourceWidth;
  return settings.flatMap((setting) => {
    // Lines break only after commas, so that values can be copied.
    const parts = shown(setting).split(/(?<=,)/);
    const [first = '', ...rest] = wrap(parts, '', columns - indent);
    const head = `${setting.name.padEnd(nameWidth)}${setting.source.padEnd(sourceWidth)}`;
    const paint = setting.source === 'default' ? faint : marked;
    return [`  ${paint(`${head}${first}`)}`, ...rest.map((line) => `${' '.repeat(indent)}${paint(line)}`)];
  });
}

const shown = ({ value }: EffectiveSetting): string => (value === undefined ? 'not set' : printable(value));
