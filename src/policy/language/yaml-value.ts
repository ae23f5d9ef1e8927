// Turns a parsed YAML document into its value, in one pass over the text's nodes. Refuses members named twice, and aliases
// that expand to too much, stand for something around them, or for nothing.
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';

/** What all aliases of a text stand for together may be so many bytes long, and one more for each value in it. */
const maxExpandedBytes = 16 * 1024 * 1024;
const maxLevels = 100;

class YamlFault extends Error {
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

/** `value` is `undefined` for an empty document, and with a fault. */
export function toValue(document: Document): {
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
} {
  const expansion = new Expansion();
  try {
    const { value } = expansion.expand(document.contents, 0);
    return { value: value ?? undefined, faults: expansion.repeated };
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    return { value: undefined, faults: [...expansion.repeated, error] };
  }
}

class Expansion {
  /** Members that are named twice. */
  readonly repeated: YamlFault[] = [];
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
    return this.#expandMap(node, level);
  }

  /** The library's own check for members named twice compares each name with all others, so it is made here. */
  #expandMap({ items }: YAMLMap, level: number): Expanded {
    const members = new Map<string, unknown>();
    let bytes = 1;
    for (const pair of items) {
      const key = this.expand(pair.key, level + 1);
      if (typeof key.value === 'object' && key.value !== null)
        throw new YamlFault(pair.key as Node, 'the name of a member must be text');
      const name = String(key.value ?? '');
      if (members.has(name)) this.repeated.push(new YamlFault(pair.key as Node, 'a member is named twice'));
      const member = this.expand(pair.value, level + 1);
      members.set(name, member.value);
      bytes += key.bytes + member.bytes;
    }
    // Not assigned: a member named __proto__ is a member like any other.
    return { value: Object.fromEntries(members), bytes };
  }
}

const sum = (parts: readonly { readonly bytes: number }[]): number =>
  parts.reduce((total, { bytes }) => total + bytes, 1);
