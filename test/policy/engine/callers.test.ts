// Which callers a rule is for: by claims of the token's own and by nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallerIndex, claimAt } from '../../../src/policy/engine/callers.ts';
import type { CallerDocument } from '../../../src/policy/language/caller-document.ts';

type Matcher = { claim: string; equals?: string | number | boolean; contains?: string };

const matches = (matcher: Matcher, claims: unknown): boolean =>
  new CallerIndex([{ callers: [matcher as CallerDocument] }]).match({
    claims: claims as Record<string, unknown>,
  }).length === 1;

/** Claims as they come in a token. */
const json = (text: string): unknown => JSON.parse(text);

test('equals compares strings, numbers and booleans, each with its own kind', () => {
  const same = [
    ['svc', { c: 'svc' }],
    [7, { c: 7 }],
    [true, { c: true }],
    [false, { c: false }],
    [0, { c: -0 }],
  ] as const;
  for (const [equals, claims] of same) assert.ok(matches({ claim: 'c', equals }, claims), String(equals));
  const different = [
    ['svc', { c: 'svc2' }],
    ['svc', { c: 'Svc' }],
    ['svc', { c: ' svc' }],
    ['svc', { c: ['svc'] }],
    ['svc', { c: { svc: 'svc' } }],
    ['7', { c: 7 }],
    [7, { c: '7' }],
    [1, { c: true }],
    ['true', { c: true }],
    [false, { c: 0 }],
    [false, { c: null }],
    [false, {}],
    ['undefined', {}],
    ['null', { c: null }],
  ] as const;
  for (const [equals, claims] of different) {
    assert.ok(!matches({ claim: 'c', equals }, claims), `${equals} ${JSON.stringify(claims)}`);
  }
});

test('a * at the end of equals stands for any rest, none included, of a string alone', () => {
  const prefix = { claim: 'sub', equals: 'svc-legacy-*' };
  for (const sub of ['svc-legacy-billing', 'svc-legacy-', 'svc-legacy-*', 'svc-legacy-\n'])
    assert.ok(matches(prefix, { sub }), sub);
  for (const sub of ['svc-legac', 'xsvc-legacy-a', 'SVC-LEGACY-A', '', ['svc-legacy-a'], 5, null])
    assert.ok(!matches(prefix, { sub }), String(sub));
  assert.ok(matches({ claim: 'sub', equals: '*' }, { sub: 'anybody' }));
  assert.ok(!matches({ claim: 'sub', equals: '*' }, {}));
  assert.ok(!matches({ claim: 'n', equals: '1*' }, { n: 12 }));
});

test('contains finds a whole element of an array and a whole word of a string', () => {
  const matcher = { claim: 'groups', contains: 'admins' };
  for (const groups of [['admins'], ['x', 'admins'], 'admins', 'x admins y', 'x  admins'])
    assert.ok(matches(matcher, { groups }), JSON.stringify(groups));
  for (const groups of [
    ['network-admins'],
    [['admins']],
    [{ admins: 'admins' }],
    'network-admins',
    'admins,x',
    'ADMINS',
    { admins: 'admins' },
    7,
    null,
    [],
    '',
  ])
    assert.ok(!matches(matcher, { groups }), JSON.stringify(groups));
  assert.ok(matches({ claim: 'g', contains: 'two words' }, { g: ['two words'] }));
  assert.ok(!matches({ claim: 'g', contains: '7' }, { g: [7] }));
});

test('a claim is a name as it stands, or a JSON Pointer into nested ones', () => {
  const claims = json(
    '{"realm_access":{"roles":["a"],"deep":{"x":1}},"a/b":{"c~d":"v"},"https://acme.example/team":"net","":{"":"e"},"list":[{"id":"first"},"second"]}',
  );
  const found: readonly (readonly [string, unknown])[] = [
    ['/realm_access/roles', ['a']],
    ['/realm_access/deep/x', 1],
    ['/a~1b/c~0d', 'v'],
    ['a/b', { 'c~d': 'v' }],
    ['https://acme.example/team', 'net'],
    ['/https:~1~1acme.example~1team', 'net'],
    ['//', 'e'],
    ['/list/0/id', 'first'],
    ['/list/1', 'second'],
  ];
  for (const [name, value] of found) assert.deepEqual(claimAt(claims as object as never, name), value, name);
  for (const name of [
    'realm_access/roles',
    '/realm_access/none',
    '/none/roles',
    '/a/b',
    '/list/2',
    '/list/-',
    '/list/01',
    '/list/length',
    '/list/1/0',
    '/realm_access/roles/length',
  ])
    assert.equal(claimAt(claims as object as never, name), undefined, name);
});

test('a long array has its members by every digit of their index', () => {
  const list = Array.from({ length: 120 }, (_, index) => `at ${index}`);
  for (const index of [0, 9, 10, 19, 100, 119])
    assert.equal(claimAt({ list }, `/list/${index}`), `at ${index}`);
  for (const name of ['/list/120', '/list/1x', '/list/x1', '/list/00', '/list/'])
    assert.equal(claimAt({ list }, name), undefined);
});

test('~01 is a tilde and a one, not a slash', () => {
  assert.equal(claimAt({ '~1': 'tilde' }, '/~01'), 'tilde');
  assert.equal(claimAt({ '/': 'slash' }, '/~01'), undefined);
});

test('nothing inherited is ever a claim', () => {
  const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];
  for (const name of names) {
    assert.equal(claimAt({ groups: ['a'], n: { m: 1 } }, name), undefined, name);
    assert.equal(claimAt({ n: {} }, `/n/${name}`), undefined, name);
    assert.equal(claimAt({ n: {} }, `/n/${name}/name`), undefined, name);
    assert.ok(!matches({ claim: name, equals: '*' }, {}), name);
  }
  assert.ok(!matches({ claim: '/constructor/name', equals: 'Object' }, {}));
  // As a member of the token itself, as JSON has it, it is one like any other.
  assert.ok(matches({ claim: '__proto__', equals: 'x' }, json('{"__proto__":"x"}')));
  assert.ok(!matches({ claim: 'polluted', equals: 'x' }, json('{"__proto__":{"polluted":"x"}}')));
});

test('claims that are no object match nothing, and nothing throws', () => {
  for (const claims of [null, undefined, 'sub', 5, ['svc'], true, Symbol('s'), () => 'sub'])
    assert.ok(!matches({ claim: 'sub', equals: '*' }, claims));
});

test('a rule is for whom any one of its callers matches, and is found once, in the order of the policy', () => {
  const rule = (id: string, ...callers: Matcher[]) => ({ id, callers: callers as CallerDocument[] });
  const index = new CallerIndex([
    rule('third', { claim: 'groups', contains: 'a' }, { claim: 'sub', equals: 'x' }),
    rule('second', { claim: 'sub', equals: 'y' }),
    rule('first', { claim: 'sub', equals: 'x*' }, { claim: 'groups', contains: 'b' }),
    rule('never', { claim: 'missing', equals: '*' }),
  ]);
  const ids = (claims: Record<string, unknown>) => index.match({ claims }).map(({ id }) => id);
  assert.deepEqual(ids({ sub: 'x', groups: 'a b' }), ['third', 'first']);
  assert.deepEqual(ids({ sub: 'y' }), ['second']);
  assert.deepEqual(ids({ groups: ['b'] }), ['first']);
  assert.deepEqual(ids({}), []);
  assert.deepEqual(index.claims(), ['groups', 'sub', 'missing']);
});
