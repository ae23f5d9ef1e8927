// Makes the bytes of a case, with the keys of this run and a VPC id of its own.
import type { BodySpec, Edit, Framing, FuzzCase, RequestSpec } from './case.ts';
import type { GoodToken, Mint } from './mint.ts';

export interface Rendered {
  readonly bytes: Buffer;
  /** What each write holds; together they are `bytes`. */
  readonly writes: readonly Buffer[];
  /** Tokens that were made good for this case alone. */
  readonly good: ReadonlyMap<string, GoodToken>;
}

export function render(fuzz: FuzzCase, mint: Mint, serial: number): Rendered {
  const good = new Map<string, GoodToken>();
  const vpcId = `vpc-${serial.toString(16).padStart(17, '0')}`;
  const parts = fuzz.parts.map((part) => {
    if (typeof part === 'string') return Buffer.from(part, 'latin1');
    const token = mint.render(part.token);
    for (const [text, known] of token.good) good.set(text, known);
    return renderRequest(part, token.values, vpcId);
  });
  const all = change(Buffer.concat(parts), fuzz.edits);
  const bytes = all.subarray(0, Math.ceil((all.length * fuzz.cut) / 1000));
  return { bytes, writes: split(bytes, fuzz.splits), good };
}

function renderRequest(request: RequestSpec, tokens: readonly string[], vpcId: string): Buffer {
  const { method, target, version, host, lines, framing } = request;
  const body = renderBody(request.body, vpcId);
  const start = version === '' ? `${method} ${target}` : `${method} ${target} ${version}`;
  const fields = [
    ...host.map((name) => `Host: ${name}`),
    ...tokens.map((token) => `Authorization: ${token}`),
    ...lines,
    ...framingLines(framing, body.length),
  ];
  const head = Buffer.from(`${[start, ...fields].join('\r\n')}\r\n\r\n`, 'latin1');
  return Buffer.concat([head, framing.kind === 'chunked' ? chunked(body, framing) : body]);
}

function renderBody({ text, edits, size }: BodySpec, vpcId: string): Buffer {
  const bytes = change(Buffer.from(text.replaceAll('@VPC@', vpcId)), edits);
  return bytes.length >= size ? bytes : Buffer.concat([bytes, Buffer.alloc(size - bytes.length, ' ')]);
}

function framingLines(framing: Framing, length: number): readonly string[] {
  if (framing.kind === 'odd') return framing.lines;
  if (framing.kind === 'length') return [`Content-Length: ${length}`];
  return framing.kind === 'chunked' ? ['Transfer-Encoding: chunked'] : [];
}

function chunked(body: Buffer, { sizes, extension, trailer }: Framing & { kind: 'chunked' }): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < body.length; turn += 1) {
    // After a few small ones the rest at once: a large body must not become thousands of chunks.
    const size = turn < 8 ? (sizes[turn % sizes.length] ?? 1) : body.length;
    const chunk = body.subarray(at, at + size);
    parts.push(Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`), chunk, Buffer.from('\r\n'));
    at += size;
  }
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailer}\r\n`, 'latin1')]);
}

export function change(bytes: Buffer, edits: readonly Edit[]): Buffer {
  return edits.reduce((changed, { at, op, bytes: text }) => {
    const put = Buffer.from(text, 'latin1');
    const place = at % (changed.length + 1);
    if (op === 'delete')
      return Buffer.concat([changed.subarray(0, place), changed.subarray(place + put.length)]);
    const behind = op === 'insert' ? place : place + put.length;
    return Buffer.concat([changed.subarray(0, place), put, changed.subarray(behind)]);
  }, bytes);
}

function split(bytes: Buffer, splits: readonly number[]): Buffer[] {
  const places = splits
    .map((thousandths) => Math.floor((bytes.length * thousandths) / 1000))
    .sort((a, b) => a - b);
  const edges = [0, ...places, bytes.length];
  return edges
    .slice(1)
    .map((end, index) => bytes.subarray(edges[index], end))
    .filter((write) => write.length > 0);
}
