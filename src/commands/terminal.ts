// Formatting of output for people: colours, trees, lines, escaping.

export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
  /** Other than the default. */
  readonly marked: (text: string) => string;
}

const plain = (text: string): string => text;
const sgr = (code: number) => (text: string) => `\x1b[${code}m${text}\x1b[0m`;

export const styleFor = (colours: boolean): Style =>
  colours
    ? { good: sgr(32), bad: sgr(31), faint: sgr(2), marked: sgr(36) }
    : { good: plain, bad: plain, faint: plain, marked: plain };

export interface TreeNode {
  readonly text: string;
  readonly children?: readonly TreeNode[];
}

/** One line per node. */
export function drawTree({ text, children = [] }: TreeNode): string[] {
  return [
    text,
    ...children.flatMap((child, index) => {
      const last = index === children.length - 1;
      const [first = '', ...rest] = drawTree(child);
      return [`${last ? '└─ ' : '├─ '}${first}`, ...rest.map((line) => `${last ? '   ' : '│  '}${line}`)];
    }),
  ];
}

/** Replaces control characters: text from files and arguments must not control the terminal. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}|\p{Cf}/gu, '�');

/** As many parts in each line as fit, with `glue` between them. A part that is longer than a line has one of its own. */
export function wrap(parts: readonly string[], glue: string, width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = `${lines.at(-1)}${glue}${part}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}
