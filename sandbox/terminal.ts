// Prints for people: at most 80 columns except where a line is meant to be copied, colours only where they are wanted,
// and no control character of a value ever reaches the terminal.
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

export interface TerminalOptions {
  readonly write: (text: string) => void;
  readonly colours: boolean;
}

const width = 80;
const indent = '   ';
const labelWidth = 22;

export class Terminal {
  readonly #write: (text: string) => void;
  readonly #colours: boolean;

  constructor({ write, colours }: TerminalOptions) {
    this.#write = write;
    this.#colours = colours;
  }

  heading(text: string): void {
    this.#write('\n');
    for (const line of wrap(text, width)) this.#line(this.#style('bold', line));
  }

  text(text: string): void {
    for (const line of wrap(text, width - indent.length)) this.#line(indent + line);
  }

  /** One line, cut where it would be too long. */
  note(text: string): void {
    const line = indent + printable(text);
    this.#line(line.length > width ? `${line.slice(0, width - 1)}…` : line);
  }

  /** A label and what belongs to it, aligned with the others; without a label it continues the one before. */
  field(label: string, value: string): void {
    const lines = wrap(value, width - indent.length - labelWidth);
    for (const [index, line] of lines.entries()) {
      const name = (index === 0 ? label : '').padEnd(labelWidth);
      this.#line(indent + this.#style('dim', name) + line);
    }
  }

  verdict(ok: boolean, text: string): void {
    const mark = ok ? this.#style('green', '✓') : this.#style('red', '✗');
    const [first = '', ...rest] = wrap(text, width - indent.length - 2);
    this.#line(`${indent}${mark} ${first}`);
    for (const line of rest) this.#line(`${indent}  ${line}`);
  }

  /** A line to be copied: neither indented nor wrapped. */
  command(line: string): void {
    this.#line(this.#style('cyan', line));
  }

  blank(): void {
    this.#write('\n');
  }

  #line(text: string): void {
    this.#write(`${text.trimEnd()}\n`);
  }

  #style(style: Style, text: string): string {
    return this.#colours ? styleText(style, text, { validateStream: false }) : text;
  }
}

const printable = (text: string): string => text.replace(/\p{Cc}/gu, '�');

/** Lines of at most `columns`, broken between words where there are any. There is always at least one line. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length <= columns) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (line.length > columns) {
      lines.push(line.slice(0, columns));
      line = line.slice(columns);
    }
  }
  return [...lines, line];
}
