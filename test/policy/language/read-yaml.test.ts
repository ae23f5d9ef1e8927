// Aliases by the size of what they stand for, not by their number; one version of YAML; every fault with its place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { describePolicyFault } from '../../../src/policy/engine/policy-data.ts';
import { readYaml } from '../../../src/policy/language/read-yaml.ts';

const read = (text: string) => readYaml('p', Buffer.from(text), z.unknown());
const faultsOf = (text: string): string[] => read(text).faults?.map(describePolicyFault) ?? [];

/** Ten levels, each of which names the one before ten times. */
const levels = (form: (name: string) => string): string =>
  Array.from({ length: 10 }, (_, level) => `l${level + 1}: &l${level + 1} ${form(`*l${level}`)}\n`).join('');

const bombs: Readonly<Record<string, string>> = {
  'nested lists': `l0: &l0 [x]\n${levels((name) => `[${Array(10).fill(name).join(', ')}]`)}`,
  'nested objects': `l0: &l0 { x: x }\n${levels(
    (name) => `{ ${Array.from({ length: 10 }, (_, member) => `m${member}: ${name} `).join(', ')} }`,
  )}`,
  'a long text, often': `l0: &l0 ${'x'.repeat(100_000)}\nall:\n${'  - *l0\n'.repeat(200)}`,
  'empty lists, nested': `l0: &l0 []\n${levels((name) => `[${Array(10).fill(name).join(', ')}]`)}`,
};

for (const [what, text] of Object.entries(bombs)) {
  test(`aliases that stand for more than 16 MiB are refused with their position: ${what}`, () => {
    const [fault = '', ...more] = faultsOf(text);
    assert.match(fault, /^p:[0-9]+:[0-9]+: +the aliases stand for more than 16 MiB$/);
    assert.deepEqual(more, []);
  });
}

test('aliases are not limited by their number', () => {
  const numbers = Array.from({ length: 5000 }, (_, index) => index);
  const text = `a:\n${numbers.map((index) => `  - &a${index} x${index}\n`).join('')}b:\n${numbers
    .map((index) => `  - *a${index}\n`)
    .join('')}`;
  const texts = numbers.map((index) => `x${index}`);
  assert.deepEqual(read(text).raw, { a: texts, b: texts });
});

test('one anchor may stand for much, as long as it is less than 16 MiB together', () => {
  const text = `a: &a [${'x'.repeat(1000)}]\nb:\n${'  - *a\n'.repeat(10_000)}`;
  assert.deepEqual(faultsOf(text), []);
});

test('an alias stands for the last anchor of its name before it', () => {
  assert.deepEqual(read('[&a 1, *a, &a 2, *a, &b { c: &c [*a] }, *b, *c]').raw, [
    ...[1, 1, 2, 2, { c: [2] }, { c: [2] }],
    [2],
  ]);
});

test('an alias as the name of a member is the text that it stands for', () => {
  assert.deepEqual(read('a: &a name\n*a : 1\n').raw, { a: 'name', name: 1 });
});

const misplaced: Readonly<Record<string, readonly [string, string]>> = {
  'the list around it': ['a: &a [x, *a]', 'p:1:11: an alias must not stand for what is around it'],
  'the object around it': [
    'a: &a\n  b: { c: *a }\n',
    'p:2:11: an alias must not stand for what is around it',
  ],
  'no anchor': ['a: 1\nb: [*nope]\n', 'p:2:5: no anchor nope stands before this alias'],
  'an anchor behind it': ['a: *b\nb: &b 1\n', 'p:1:4: no anchor b stands before this alias'],
};

for (const [what, [text, fault]] of Object.entries(misplaced)) {
  test(`an alias that stands for ${what} is refused with its position`, () => {
    assert.deepEqual(
      faultsOf(text).map((told) => told.replace(/ +/g, ' ')),
      [fault],
    );
  });
}

test('the text cannot choose another version of YAML', () => {
  assert.deepEqual(read('%YAML 1.2\n---\na: yes\n').raw, { a: 'yes' });
  const [fault = ''] = faultsOf('# policy\n%YAML 1.1\n---\na: yes\n');
  assert.match(fault, /^p:2:1: +must be YAML 1\.2$/);
});

test('values are those of YAML 1.2 core, and a merge key is a member like any other', () => {
  assert.deepEqual(read('[yes, on, 0o17, 017, 1_000, 12:30:45, ~, true]').raw, [
    ...['yes', 'on', 15, 17, '1_000', '12:30:45', null, true],
  ]);
  assert.deepEqual(read('a: &a { x: 1 }\nb: { <<: *a }\n').raw, { a: { x: 1 }, b: { '<<': { x: 1 } } });
});

test('a member named __proto__ is a member like any other', () => {
  const { raw } = read('__proto__: { a: 1 }\n');
  assert.deepEqual(Object.keys(raw as object), ['__proto__']);
});

test('the name of a member must be text', () => {
  assert.match(faultsOf('? [a]\n: 1\n')[0] ?? '', /^p:1:3: +the name of a member must be text$/);
});

test('a member that is named twice is refused, each with its position', () => {
  assert.deepEqual(faultsOf('a: 1\nb: { x: 1, y: 2, "x": 3 }\na: 2\n1: x\n"1": y\n'), [
    ...[
      'p:2:18: a member is named twice',
      'p:3:1: a member is named twice',
      'p:5:1: a member is named twice',
    ],
  ]);
  assert.deepEqual(faultsOf('a: &a name\n*a : 1\nname: 2\n'), ['p:3:1: a member is named twice']);
});

test('the time that faults take grows with the length of the text, not with its square', () => {
  // As the square, this would be twenty minutes.
  const text = Array.from({ length: 150_000 }, (_, index) => `key${index}: 1\n`).join('');
  const { faults = [] } = readYaml('p', Buffer.from(text), z.strictObject({}));
  assert.equal(faults.length, 150_000);
  assert.equal(faults.at(-1)?.line, 150_000);
});

test('every fault of a malformed text is told in its own line', () => {
  assert.deepEqual(
    faultsOf('[a] b\nc: d: e\n').map((fault) => fault.split(' ')[0]),
    ['p:1:5:', 'p:2:4:'],
  );
});

for (const [what, before, unit] of [
  ['members without commas', '{ ', 'k: 1\n'],
  ['explicit keys', '', '? '],
  ['lists', '', '['],
  ['objects', '', '{a: '],
] as const)
  test(`a text that is nested without end is refused, and nothing is thrown: ${what}`, () => {
    for (const count of [5000, 50_000]) assert.notDeepEqual(faultsOf(`${before}${unit.repeat(count)}`), []);
  });
