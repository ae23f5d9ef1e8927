// The position of a member in a YAML text, so that an editor can jump to a fault. Many faults of a large text take time that
// grows with its length, not with its square.
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type LineCounter,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { escapePointer } from '../../net/json.ts';
import type { PolicyFault } from '../engine/policy-data.ts';

export type Path = readonly PropertyKey[];

/** Places in one parsed document. */
export class Places {
  readonly #file: string;
  readonly #document: Document;
  readonly #lines: LineCounter;
  /** Of each object that a fault was looked for in, the members by name. */
  readonly #members = new Map<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(file: string, document: Document, lines: LineCounter) {
    this.#file = file;
    this.#document = document;
    this.#lines = lines;
  }

  /** A fault at a member, or at the nearest thing around it that is there. */
  at(path: Path, message: string): PolicyFault {
    return this.atOffset(this.#walk(path).offset, pointer(path), message);
  }

  /** A fault at the name of a member, which has no place of its own in the value. */
  atKey(parent: Path, key: string, message: string): PolicyFault {
    return this.atOffset(this.#keyOffset(parent, key), pointer([...parent, key]), message);
  }

  atOffset(offset: number, member: string, message: string): PolicyFault {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1), member, message };
  }

  #keyOffset(parent: Path, key: string): number {
    const { node, offset } = this.#walk(parent);
    const pair = isMap(node) ? this.#membersOf(node).get(key) : undefined;
    return startOf(pair?.key) ?? offset;
  }

  /** `node`: what stands at the path, if anything does. `offset`: of it, or of the nearest thing around it. */
  #walk(path: Path): { readonly node: unknown; readonly offset: number } {
    let node: unknown = this.#document.contents;
    let offset = startOf(node) ?? 0;
    for (const part of path) {
      if (isMap(node)) node = this.#membersOf(node).get(String(part))?.value;
      else node = isSeq(node) ? node.items[Number(part)] : undefined;
      offset = startOf(node) ?? offset;
    }
    return { node, offset };
  }

  #membersOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    const known = this.#members.get(map);
    if (known !== undefined) return known;
    const named = map.items.flatMap((pair) =>
      isScalar(pair.key) ? [[String(pair.key.value ?? ''), pair] as const] : [],
    );
    const members = new Map(named);
    this.#members.set(map, members);
    return members;
  }
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** RFC 6901. */
const pointer = (path: Path): string => path.map((part) => `/${escapePointer(String(part))}`).join('');
