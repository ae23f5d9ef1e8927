// Reads the XML of elements and attributes, as strictly as XML 1.0 has it. Throws at what is not well-formed.

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
}

const declaration = /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/;
const tag = /<(\/?)([A-Za-z]+)((?:\s+[A-Za-z]+="[^"<]*")*)\s*(\/?)>/y;
/** XML 1.0 section 2.2: nothing else is a character of a document. */
const characters = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u;

export function readXml(text: string): readonly Element[] {
  if (!characters.test(text)) throw new Error('a character that XML does not have');
  if (!declaration.test(text)) throw new Error('no declaration');
  const body = text.replace(declaration, '').trimEnd();
  const root: Element = { name: '', attributes: {}, children: [] };
  const open = [root];
  let at = 0;
  while (at < body.length) {
    tag.lastIndex = at;
    const found = tag.exec(body);
    if (found === null) throw new Error(`no tag at ${body.slice(at, at + 60)}`);
    const [all, closing, name = '', attributes = '', empty] = found;
    at = tag.lastIndex + (/^\s*/.exec(body.slice(tag.lastIndex))?.[0].length ?? 0);
    if (closing === '/') {
      if (open.pop()?.name !== name || attributes !== '') throw new Error(`${all} closes another element`);
      continue;
    }
    const element: Element = { name, attributes: readAttributes(attributes), children: [] };
    open.at(-1)?.children.push(element);
    if (empty !== '/') open.push(element);
  }
  if (open.length !== 1) throw new Error('an element is not closed');
  return root.children;
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([A-Za-z]+)="([^"]*)"/g)) {
    if (name in attributes) throw new Error(`${name} is named twice`);
    attributes[name] = value.replaceAll(/&([^;]*;?)/g, (reference, rest: string) => {
      const number = /^#(\d+);$/.exec(rest)?.[1];
      if (number === undefined) throw new Error(`${reference} is no reference`);
      return String.fromCodePoint(Number(number));
    });
  }
  return attributes;
}
