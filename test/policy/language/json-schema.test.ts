// The JSON Schema of policies for editors: it is the one that the code makes, it is valid, and it refuses nothing that the
// gateway would load, so that an editor never marks a policy that is good.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { parse } from 'yaml';
import { policyJsonSchema } from '../../../scripts/json-schemas.ts';
import type { JsonSchemaNode } from '../../support/json-schema-node.ts';
import { readPolicyText } from '../../support/policy.ts';

/** What the changes touch of a policy. */
interface WrittenPolicy {
  readonly organization: string;
  readonly guardrails: object;
  readonly grants: readonly object[];
  readonly exceptions: readonly object[];
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const published = readFileSync(join(root, 'openapi', 'policy.schema.json'), 'utf8');
const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['bruno', 'terraform', 'typescript'].includes(entry.name))
  .map(({ name }) => ({
    name,
    policy: parse(readFileSync(join(root, 'examples', name, 'policy.yaml'), 'utf8')) as WrittenPolicy,
  }));

const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true });
addFormats.default(ajv);
const schemaAccepts = ajv.compile(JSON.parse(published));
const lists = { 'company-networks.txt': '10.0.0.0/8\n' };
const loaderAccepts = (policy: unknown): boolean =>
  readPolicyText(JSON.stringify(policy), lists).faults === undefined;

test('the published schema is byte for byte the one that the code makes', () => {
  assert.equal(published, policyJsonSchema());
});

test('the schema is valid JSON Schema 2020-12', () => {
  const schema = JSON.parse(published);
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.equal(ajv.validateSchema(schema), true, ajv.errorsText());
});

test('every member of a policy has a description for whoever writes it in an editor', () => {
  const bare: string[] = [];
  const visit = (node: JsonSchemaNode, place: string): void => {
    for (const [name, member] of Object.entries<JsonSchemaNode>(node.properties ?? {})) {
      if (member.description === undefined && !['min', 'max'].includes(name)) bare.push(`${place}/${name}`);
      visit(member, `${place}/${name}`);
    }
    for (const inner of [node.items, ...(node.anyOf ?? [])]) if (inner !== undefined) visit(inner, place);
  };
  visit(JSON.parse(published), '');
  assert.deepEqual(bare, []);
});

for (const { name, policy } of examples) {
  test(`the schema accepts the example ${name}`, () => {
    assert.equal(schemaAccepts(policy), true, ajv.errorsText(schemaAccepts.errors));
  });
}

/** A change to a good policy; everything that it touches is there. */
const broken: readonly (readonly [string, (policy: WrittenPolicy) => unknown])[] = [
  ['no object', () => []],
  ['no members', () => ({})],
  ['another version', (policy) => ({ ...policy, version: 2 })],
  ['the version as a string', (policy) => ({ ...policy, version: '1' })],
  ['no organization', ({ organization: _, ...rest }) => rest],
  ['an empty organization', (policy) => ({ ...policy, organization: '' })],
  ['an unknown member', (policy) => ({ ...policy, guardrail: {} })],
  ['an unknown mode', (policy) => ({ ...policy, mode: 'audit' })],
  ['no guardrails', ({ guardrails: _, ...rest }) => rest],
  ['an unknown guardrail', guardrail({ ports: [3000] })],
  ['guardrails without accounts', guardrail({ accounts: undefined })],
  ['an empty list of accounts', guardrail({ accounts: [] })],
  ['an account as a number', guardrail({ accounts: [111122223333] })],
  ['an account of 11 digits', guardrail({ accounts: ['11112222333'] })],
  ['a region that is none', guardrail({ regions: ['mars'] })],
  ['networks as a string', guardrail({ cidrs: '10.0.0.0/8' })],
  ['an empty list of networks', guardrail({ cidrs: [] })],
  ['an address without a prefix', guardrail({ cidrs: ['10.0.0.0'] })],
  ['a list file in another folder', guardrail({ cidrs: { file: '../networks.txt' } })],
  ['a list file with more members', guardrail({ cidrs: { file: 'company-networks.txt', skip: 1 } })],
  ['a prefix length of 33', guardrail({ prefixLength: { min: 16, max: 33 } })],
  ['a prefix length with one end', guardrail({ prefixLength: { min: 16 } })],
  ['a secure connection of true', guardrail({ secureConnection: true })],
  ['an empty list of grants', (policy) => ({ ...policy, grants: [] })],
  ['a grant without an id', rule('grants', { id: undefined })],
  ['an id with a space', rule('grants', { id: 'the payments' })],
  ['a grant for no callers', rule('grants', { callers: [] })],
  ['a caller without a claim', rule('grants', { callers: [{ equals: 'x' }] })],
  ['a caller with nothing to match', rule('grants', { callers: [{ claim: 'sub' }] })],
  ['a caller with two matches', rule('grants', { callers: [{ claim: 'a', equals: 'x', contains: 'x' }] })],
  ['a caller that must equal a list', rule('grants', { callers: [{ claim: 'sub', equals: ['x'] }] })],
  ['a JSON Pointer with a bad escape', rule('grants', { callers: [{ claim: '/a~2', equals: 'x' }] })],
  ['a grant without actions', rule('grants', { actions: undefined })],
  ['an unknown action', rule('grants', { actions: ['update'] })],
  ['a grant with a prefix length', rule('grants', { prefixLength: { min: 16, max: 28 } })],
  ['a cluster that is no UUID', rule('grants', { clusters: ['payments'] })],
  ['an exception without an expiry', rule('exceptions', { expires: undefined })],
  ['an expiry without a time', rule('exceptions', { expires: '2099-01-31' })],
  ['an expiry without a zone', rule('exceptions', { expires: '2099-01-31T00:00:00' })],
  ['a day that is not in the calendar', rule('exceptions', { expires: '2099-02-30T00:00:00Z' })],
  ['an exception to what is forbidden', rule('exceptions', { allows: { forbiddenCidrs: ['10.0.0.0/8'] } })],
  ['an exception with an unknown action', rule('exceptions', { actions: ['update'] })],
  ['an exception without an action', rule('exceptions', { actions: [] })],
  ['an empty ticket', rule('exceptions', { ticket: '' })],
];

function guardrail(members: object) {
  return (policy: WrittenPolicy) => ({ ...policy, guardrails: { ...policy.guardrails, ...members } });
}

function rule(list: 'grants' | 'exceptions', members: object) {
  return (policy: WrittenPolicy) => ({ ...policy, [list]: [{ ...policy[list][0], ...members }] });
}

const whole = examples.find(({ name }) => name === 'with-exceptions')?.policy as WrittenPolicy;

for (const [what, change] of broken) {
  test(`${what} is refused by the schema and by the loader`, () => {
    // Through JSON, so that a member of `undefined` is gone for both.
    const policy = JSON.parse(JSON.stringify(change(whole)));
    assert.equal(schemaAccepts(policy), false);
    assert.equal(loaderAccepts(policy), false);
  });
}

test('whatever the schema refuses, the loader refuses', () => {
  const seen = { accepted: 0, refused: 0 };
  fc.assert(
    fc.property(fc.constantFrom(...examples), fc.nat(), values, ({ policy }, at, value) => {
      const places = placesIn(policy);
      const changed = replaced(policy, places[at % places.length] ?? [], value);
      const refused = !schemaAccepts(changed);
      seen[refused ? 'refused' : 'accepted'] += 1;
      if (refused) assert.equal(loaderAccepts(changed), false, JSON.stringify(changed));
    }),
    { numRuns: 2000 },
  );
  // Both ways must have been gone, or the property says nothing.
  assert.ok(seen.accepted > 10 && seen.refused > 10, JSON.stringify(seen));
});

/** Values that stand somewhere in a policy, values that nearly could, and any others; `undefined` takes a member away. */
const values = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    0,
    16,
    33,
    1.5,
    '',
    'x',
    '*',
    '/',
    '/a/b',
    '/~1',
    '0/0',
    [],
  ),
  fc.constantFrom<unknown>('10.0.0.0/8', '111122223333', 'us-gov-west-1', 'required', 'create', 'report'),
  fc.constantFrom<unknown>({ file: 'company-networks.txt' }, { min: 0, max: 32 }, { claim: 'a', equals: 1 }),
  fc.constantFrom<unknown>(
    '2099-12-31T23:59:60Z',
    '2099-12-31T23:59:59.5+14:00',
    '2096-02-29T00:00:00-00:00',
  ),
  fc.string({ unit: 'grapheme', maxLength: 210 }),
  fc.jsonValue(),
);

type Path = readonly (string | number)[];

/** The place of every value in a document, the document's own first. */
function placesIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([key, member]) => placesIn(member, [...path, key]))];
}

function replaced(document: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value === undefined ? {} : value;
  const copy = (Array.isArray(document) ? [...document] : { ...(document as object) }) as Record<
    string | number,
    unknown
  >;
  const next = rest.length === 0 ? value : replaced(copy[key], rest, value);
  if (next === undefined && !Array.isArray(copy)) delete copy[key];
  else copy[key] = next ?? null;
  return copy;
}
