// What is wrong with a policy across its parts: ids, expiries, grants that are wider than the guardrails. Faults are told
// all at once, whatever their kind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultsOf, warningsOf } from '../../support/policy.ts';

const head = `version: 1
organization: acme
guardrails:
  accounts: ["111122223333", "444455556666"]
  regions: [us-east-1]
  cidrs: [10.0.0.0/9, 10.128.0.0/9]
`;
const grant = (id: string, more = '') =>
  `  - { id: ${id}, callers: [{ claim: sub, equals: a }], actions: [create]${more} }\n`;
const exception = (id: string, expires = '2027-01-31T00:00:00Z') =>
  `  - { id: ${id}, callers: [{ claim: sub, equals: a }], allows: { regions: [eu-west-1] }, expires: ${expires} }\n`;
const expired = `${head}exceptions:\n${exception('e', '2026-10-31T00:00:00Z')}`;

test('an id is of one grant, and of one exception', () => {
  const text = `${head}grants:\n${grant('a')}${grant('b')}${grant('a')}${grant('a')}exceptions:\n${exception('a')}${exception('a')}`;
  assert.deepEqual(faultsOf(text), [
    'p:10:11: /grants/2/id is the id of another grant, too',
    'p:11:11: /grants/3/id is the id of another grant, too',
    'p:14:11: /exceptions/1/id is the id of another exception, too',
  ]);
});

test('an expired exception is a warning and never a fault', () => {
  assert.deepEqual(warningsOf(expired), [
    'p:8:95: /exceptions/0/expires is in the past (2026-10-31T00:00:00Z): the exception has no effect; remove it or renew it',
  ]);
});

test('an exception that expires this very moment has expired', () => {
  const now = Date.parse('2026-10-31T00:00:00Z');
  assert.equal(warningsOf(expired, {}, now).length, 1);
  assert.equal(warningsOf(expired, {}, now - 1).length, 0);
});

test('a grant that is wider than the guardrails is a warning at the member that is', () => {
  const wide = `, accounts: ["111122223333", "999999999999"], regions: [us-east-1, eu-west-1], cidrs: [10.0.0.0/8, 11.0.0.0/8]`;
  const within = `, accounts: ["444455556666"], regions: [us-east-1], cidrs: [10.0.0.0/8]`;
  const words = 'is wider than the guardrails, which refuse the rest';
  assert.deepEqual(warningsOf(`${head}grants:\n${grant('a', wide)}${grant('b', within)}${grant('c')}`), [
    `p:8:81: /grants/0/accounts ${words}`,
    `p:8:124: /grants/0/regions ${words}`,
    `p:8:155: /grants/0/cidrs ${words}`,
  ]);
});

test('faults of every kind are reported at once, each member once', () => {
  const text = `${head.replace('us-east-1', 'mars')}mode: dry
grants:
${grant('a')}${grant('a', ', cidrs: { file: none.txt }')}exceptions:
${exception('old', '2020-01-01')}`;
  assert.deepEqual(
    faultsOf(text).map((fault) => fault.split(' ').slice(1, 4).join(' ')),
    [
      '/guardrails/regions/0 must be',
      '/exceptions/0/expires must be',
      '/mode must be',
      '/grants/1/id is the',
      '/grants/1/cidrs/file cannot be',
    ],
  );
});

test('an alias is faulty in every position where it stands for something', () => {
  const text = `${head}grants:\n${grant('a', ', cidrs: &blocks [10.0.0.1/8]')}${grant('b', ', cidrs: *blocks')}`;
  const words = 'has host bits set: the /8 network here is 10.0.0.0/8';
  assert.deepEqual(faultsOf(text), [
    `p:8:87: /grants/0/cidrs/0 ${words}`,
    `p:9:78: /grants/1/cidrs/0 ${words}`,
  ]);
});

test('a text that nests without end is refused with a bounded number of faults', () => {
  for (const text of ['['.repeat(50_000), '{a: '.repeat(50_000)]) {
    const count = faultsOf(text).length;
    assert.ok(count > 0 && count <= 20, String(count));
  }
});
