// From a policy's bytes to a policy that decides, or to every fault in it with its place. Pure: reads no file. A policy
// with any fault is refused whole.
import { createHash } from 'node:crypto';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { compilePolicy, type Policy } from './decide.ts';
import { policyDocument } from './document.ts';

/** One thing wrong with a policy. Line and column count from 1. */
export interface PolicyFault {
  readonly line: number;
  readonly column: number;
  /** JSON Pointer of the member; empty for the document. */
  readonly member: string;
  readonly message: string;
}

export type ReadPolicy = { readonly policy: Policy } | { readonly faults: readonly PolicyFault[] };

/** Reads YAML 1.2 or JSON, UTF-8. The policy's version is the SHA-256 of exactly these bytes. */
export function readPolicy(bytes: Uint8Array): ReadPolicy {
  const text = decodeUtf8(bytes);
  if (text === undefined)
    return { faults: [{ line: 1, column: 1, member: '', message: 'must be UTF-8 text' }] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    return { faults: problems.map((problem) => faultAt(lines, problem.pos[0], '', problem.message)) };
  }
  const value = toValue(document);
  if (value === undefined)
    return { faults: [faultAt(lines, 0, '', 'must not be empty or use aliases without end')] };
  const result = policyDocument.safeParse(value);
  if (!result.success) {
    return { faults: result.error.issues.flatMap((issue) => describe(issue, document, lines)) };
  }
  return { policy: compilePolicy(result.data, createHash('sha256').update(bytes).digest('hex')) };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Throws on an alias bomb (the library's limit), which is a fault like any other. */
function toValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? undefined;
  } catch {
    return undefined;
  }
}

function describe(issue: z.core.$ZodIssue, document: Document, lines: LineCounter): PolicyFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return faultAt(
        lines,
        keyOffset(document, issue.path, key),
        pointer(path),
        'is not a member of a policy',
      );
    });
  }
  const missing = issue.code === 'invalid_type' && document.getIn(issue.path) === undefined;
  const message = missing ? 'is required' : issue.message;
  return [faultAt(lines, offset(document, issue.path), pointer(issue.path), message)];
}

/** Where the member begins, or the nearest thing around it that is there. */
function offset(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: readonly PropertyKey[], key: string): number {
  const parent = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(parent)
    ? parent.items.find((item) => isNode(item.key) && String(item.key) === key)
    : undefined;
  return pair && isNode(pair.key) && pair.key.range ? pair.key.range[0] : offset(document, path);
}

function faultAt(lines: LineCounter, at: number, member: string, message: string): PolicyFault {
  const { line, col } = lines.linePos(at);
  return { line: Math.max(line, 1), column: Math.max(col, 1), member, message };
}

const pointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
