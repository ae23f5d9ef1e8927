// Turns a parsed YAML document into its value, in one pass over the text's nodes. Refuses aliases that expand to too much,
// stand for something around them, or for nothing.
import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';

/** What all aliases of a text stand for together may be so many bytes long, and one more for each value in it. */
const maxExpandedBytes = 16 * 1024 * 1024;
const maxLevels = 100;

export class YamlFault extends Error {
  readonly offset: number;

  constructor(node: Node, message: string) {
    super(message);
    this.offset = node.range?.[0] ?? 0;
  }
}

interface Expanded {
  readonly value: unknown;
  readonly bytes: number;
}

/** `undefined` for an empty document. Throws a `YamlFault`. */
export function toValue(document: Document): unknown {
  return new Expansion().expand(document.contents, 0).value ?? undefined;
}

class Expansion {
  /** By name; `undefined` while its node is not complete. */
  readonly #anchors = new Map<string, Expanded | undefined>();
  #bytes = 0;

  expand(node: unknown, level: number): Expanded {
    if (isAlias(node)) return this.#resolve(node.source, node);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    const expanded = this.#expandOwn(node, level);
    if (anchor !== undefined) this.#anchors.set(anchor, expanded);
    return expanded;
  }

  #resolve(name: string, alias: Node): Expanded {
    if (!this.#anchors.has(name)) throw new YamlFault(alias, `no anchor ${name} stands before this alias`);
    const anchored = this.#anchors.get(name);
    if (anchored === undefined) throw new YamlFault(alias, 'an alias must not stand for what is around it');
    this.#bytes += anchored.bytes;
    if (this.#bytes > maxExpandedBytes) throw new YamlFault(alias, 'the aliases stand for more than 16 MiB');
    return anchored;
  }

  #expandOwn(node: unknown, level: number): Expanded {
    if ((isMap(node) || isSeq(node)) && level >= maxLevels)
      throw new YamlFault(node, `must not be nested deeper than ${maxLevels} levels`);
    if (isSeq(node)) {
      const items = node.items.map((item) => this.expand(item, level + 1));
      return { value: items.map(({ value }) => value), bytes: sum(items) };
    }
    if (!isMap(node)) {
      const value = isScalar(node) ? node.value : null;
      return { value, bytes: 1 + Buffer.byteLength(String(value)) };
    }
    const members = node.items.map((pair) => {
      const key = this.expand(pair.key, level + 1);
      if (typeof key.value === 'object' && key.value !== null)
        throw new YamlFault(pair.key as Node, 'the name of a member must be text');
      const member = this.expand(pair.value, level + 1);
      return { name: String(key.value ?? ''), value: member.value, bytes: key.bytes + member.bytes };
    });
    // Not assigned: a member named __proto__ is a member like any other.
    return {
      value: Object.fromEntries(members.map(({ name, value }) => [name, value])),
      bytes: sum(members),
    };
  }
}

const sum = (parts: readonly { readonly bytes: number }[]): number =>
  parts.reduce((total, { bytes }) => total + bytes, 1);
