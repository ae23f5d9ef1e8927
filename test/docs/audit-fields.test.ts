// The table of fields in docs/audit.md names every member that a record can have by its schema, and no other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditSchema } from '../support/audit-schema.ts';
import type { Loose } from '../support/gateway.ts';
import { codeSpans, readText, tableRows } from './documents.ts';

const guide = readText('docs/audit.md');

/** Paths to every value that is not an object or a list by the schema; `[]` for an element, `*` for any name. */
function* leaves(part: Loose, path: string): Generator<string> {
  const { $ref, oneOf, anyOf, properties, additionalProperties, items, type } = part;
  if ($ref !== undefined) {
    yield* leaves((auditSchema as Loose).$defs[$ref.replace('#/$defs/', '')], path);
    return;
  }
  const members: [string, Loose][] = Object.entries(properties ?? {});
  if (additionalProperties instanceof Object) members.push(['*', additionalProperties]);
  const choices = [...(oneOf ?? []), ...(anyOf ?? [])].filter((choice) => choice.format === undefined);
  const list = type === 'array' || type?.includes?.('array') || Array.isArray(part.const);
  if (members.length === 0 && choices.length === 0 && (!list || Array.isArray(type))) yield path;
  for (const [name, member] of members) yield* leaves(member, path === '' ? name : `${path}.${name}`);
  for (const choice of choices) yield* leaves(choice, path);
  if (list) yield* leaves(items ?? {}, `${path}[]`);
}

const documented = tableRows(guide, 'field').flatMap(([fields = '']) => codeSpans(fields));

test('every field of a record is in the table of fields, once, and nothing else is', () => {
  const schema = new Set(leaves({ ...auditSchema, allOf: undefined }, ''));
  assert.ok(schema.size > 90);
  assert.deepEqual([...new Set(documented)].sort(), [...schema].sort());
  assert.equal(new Set(documented).size, documented.length);
});

test('every event of the schema is in the table of events, and no other', () => {
  const events = tableRows(guide, 'event').flatMap(([names = '']) => codeSpans(names));
  const { event_code: codes } = (auditSchema as Loose).properties.metadata.properties;
  assert.deepEqual(events.sort(), [...codes.enum].sort());
});
