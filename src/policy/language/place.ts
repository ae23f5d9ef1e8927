// The position of a member in a YAML text, so that an editor can jump to a fault.
import { type Document, isMap, isNode, type LineCounter } from 'yaml';
import type { PolicyFault } from '../engine/policy-data.ts';

export type Path = readonly PropertyKey[];

/** Places in one parsed document. */
export class Places {
  readonly #file: string;
  readonly #document: Document;
  readonly #lines: LineCounter;

  constructor(file: string, document: Document, lines: LineCounter) {
    this.#file = file;
    this.#document = document;
    this.#lines = lines;
  }

  /** A fault at a member, or at the nearest thing around it that is there. */
  at(path: Path, message: string): PolicyFault {
    return this.atOffset(this.#valueOffset(path), pointer(path), message);
  }

  /** A fault at the name of a member, which has no place of its own in the value. */
  atKey(parent: Path, key: string, message: string): PolicyFault {
    return this.atOffset(this.#keyOffset(parent, key), pointer([...parent, key]), message);
  }

  atOffset(offset: number, member: string, message: string): PolicyFault {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1), member, message };
  }

  #valueOffset(path: Path): number {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = length === 0 ? this.#document.contents : this.#document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  }

  #keyOffset(parent: Path, key: string): number {
    const node = parent.length === 0 ? this.#document.contents : this.#document.getIn(parent, true);
    const pair = isMap(node)
      ? node.items.find((item) => isNode(item.key) && String(item.key) === key)
      : undefined;
    return pair && isNode(pair.key) && pair.key.range ? pair.key.range[0] : this.#valueOffset(parent);
  }
}

/** RFC 6901. */
const pointer = (path: Path): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
