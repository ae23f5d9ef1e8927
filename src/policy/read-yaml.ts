// Reads YAML 1.2 or JSON by a zod schema and reports every fault at once, each with its place. Refuses invalid UTF-8,
// members named twice, unknown tags and alias bombs.
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Path, Places } from './place.ts';
import type { PolicyFault } from './policy-data.ts';

export type ReadYaml<T> =
  /** `raw` is what the text says, in its own order; `value` what the schema made of it. */
  | { readonly value: T; readonly raw: unknown; readonly places: Places; readonly faults?: undefined }
  | { readonly faults: readonly PolicyFault[] };

export function readYaml<Schema extends z.ZodType>(
  file: string,
  bytes: Uint8Array,
  schema: Schema,
): ReadYaml<z.output<Schema>> {
  const text = decodeUtf8(bytes);
  if (text === undefined)
    return { faults: [{ file, line: 1, column: 1, member: '', message: 'must be UTF-8 text' }] };
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const places = new Places(file, document, lines);
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    return { faults: problems.map(({ pos, message }) => places.atOffset(pos[0], '', message)) };
  }
  const value = toValue(document);
  if (value === undefined) return { faults: [places.at([], 'must not be empty or use aliases without end')] };
  const result = schema.safeParse(value);
  if (result.success) return { value: result.data, raw: value, places };
  return { faults: result.error.issues.flatMap((issue) => describe(issue, places, value, [])) };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** `toJS` throws on an alias bomb (the library's limit), which is a fault like any other. */
function toValue(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? undefined;
  } catch {
    return undefined;
  }
}

function describe(issue: z.core.$ZodIssue, places: Places, root: unknown, around: Path): PolicyFault[] {
  const path = [...around, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => places.atKey(path, key, 'is not a member here'));
  }
  if (!places.has(path)) return [places.at(path, 'is required')];
  if (issue.code === 'invalid_union') {
    const chosen = chooseBranch(issue.errors, valueAt(root, path));
    if (chosen !== undefined) return chosen.flatMap((inner) => describe(inner, places, root, path));
  }
  return [places.at(path, issue.message)];
}

/** What was meant by a value that fits none of several forms: the form of the same kind, list or object. */
function chooseBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
  value: unknown,
): readonly z.core.$ZodIssue[] | undefined {
  const mistyped = (issues: readonly z.core.$ZodIssue[]) =>
    issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0);
  if (typeof value !== 'object') return undefined;
  return branches.find((issues) => !mistyped(issues));
}

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], root);
