// Reads YAML 1.2 or JSON by a zod schema and reports every fault at once, each with its place. Refuses invalid UTF-8,
// members named twice, unknown tags, another version of YAML, alias bombs, and what is nested without end.
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { faultOfFile, type PolicyFault } from '../engine/policy-data.ts';
import { type Path, Places } from './place.ts';
import { toValue } from './yaml-value.ts';

/** `raw` is what the text says, in its own order; without it there is no text that says anything. */
interface ReadText {
  readonly raw: unknown;
  readonly places: Places;
}

type ReadYaml<T> =
  | (ReadText & { readonly value: T; readonly faults?: undefined })
  | (ReadText & { readonly faults: readonly PolicyFault[] })
  | { readonly faults: readonly PolicyFault[]; readonly raw?: undefined; readonly places?: undefined };

/** After so many faults the text is not YAML, and the rest would bury the cause. */
const maxProblems = 20;

/** `bytes`: what the file holds, or the reason why it cannot be read, as `contentOf` gives it. */
export function readYaml<Schema extends z.ZodType>(
  file: string,
  bytes: Uint8Array | string,
  schema: Schema,
): ReadYaml<z.output<Schema>> {
  const refuse = (message: string) => ({ faults: [faultOfFile(file, message)] });
  if (typeof bytes === 'string') return refuse(`cannot be read (${bytes})`);
  const text = decodeUtf8(bytes);
  if (text === undefined) return refuse('must be UTF-8 text');
  const document = parse(text);
  if (document === undefined) return refuse('is nested too deep to be read');
  const places = new Places(file, document, linesOf(text));
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    const reported = problems.slice(0, maxProblems);
    return { faults: reported.map(({ pos, message }) => places.atOffset(pos[0], '', message)) };
  }
  if (document.directives?.yaml.version !== '1.2')
    return { faults: [places.atOffset(Math.max(text.search(/^%YAML/m), 0), '', 'must be YAML 1.2')] };
  const { value: raw, faults } = toValue(document);
  if (faults.length > 0) {
    const reported = faults.slice(0, maxProblems);
    return { faults: reported.map(({ offset, message }) => places.atOffset(offset, '', message)) };
  }
  if (raw === undefined) return { faults: [places.at([], 'must not be empty')] };
  const result = schema.safeParse(raw);
  if (result.success) return { value: result.data, raw, places };
  return { raw, places, faults: result.error.issues.flatMap((issue) => describe(issue, places, raw, [])) };
}

/** `undefined` if the library has exhausted the stack: it follows some forms of nesting without a bound of its own. */
function parse(text: string): Document.Parsed | undefined {
  try {
    return parseDocument(text, {
      ...{ uniqueKeys: false, prettyErrors: false },
      ...{ version: '1.2', schema: 'core', merge: false },
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The library itself counts not every line of a text that is malformed. */
function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return lines;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function describe(issue: z.core.$ZodIssue, places: Places, root: unknown, around: Path): PolicyFault[] {
  const path = [...around, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => places.atKey(path, key, 'is not a member here'));
  }
  if (valueAt(root, path) === undefined) return [places.at(path, 'is required')];
  if (issue.code === 'invalid_union') {
    const chosen = chooseBranch(issue.errors, valueAt(root, path));
    if (chosen !== undefined) return chosen.flatMap((inner) => describe(inner, places, root, path));
  }
  return [places.at(path, wordsFor(issue))];
}

/** What the library says by itself speaks of its own types, not of the text. */
function wordsFor(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type' || !issue.message.startsWith('Invalid input')) return issue.message;
  if (issue.expected === 'array') return 'must be a list';
  return issue.expected === 'object' ? 'must be an object with members' : issue.message;
}

/** What was meant by a value that fits none of several forms: the form of the same kind, list or object, that knows most of its members. */
function chooseBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
  value: unknown,
): readonly z.core.$ZodIssue[] | undefined {
  if (typeof value !== 'object') return undefined;
  const isOfKind = (issues: readonly z.core.$ZodIssue[]) =>
    !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0);
  const unknownIn = (issues: readonly z.core.$ZodIssue[]) =>
    issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
    ).length;
  return branches.filter(isOfKind).sort((one, other) => unknownIn(one) - unknownIn(other))[0];
}

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], root);
