// Lists in files beside the policy: read strictly, a part of its version, and never one that refuses everything unseen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePolicy } from '../../../src/policy/language/parse-policy.ts';
import { faultsOf, readPolicyText, warningsOf } from '../../support/policy.ts';
import { versionOf } from '../../support/policy-version.ts';

const policyWith = (more: string, cidrs = '{ file: inside.txt }') => `version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1]
  cidrs: ${cidrs}
${more}`;
const plain = policyWith('');

function dataOf(text: string, lists: Record<string, string>) {
  const read = readPolicyText(text, lists);
  assert.ok(read.faults === undefined);
  return { ...read, guardrails: read.data.guardrails, version: read.data.version };
}

test('a list may have comments, blank lines, spaces around its lines, CRLF and no newline at its end', () => {
  const list =
    '\uFEFF# ours\r\n10.0.0.0/8\r\n\r\n  172.16.0.0/12\t\n192.168.0.0/16 # the office\n   # end\n10.1.0.0/16';
  const { guardrails, files } = dataOf(plain, { 'inside.txt': list });
  assert.deepEqual(guardrails.cidrs.named, ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '10.1.0.0/16']);
  assert.equal(guardrails.cidrs.count, 4);
  assert.deepEqual(files, ['inside.txt']);
});

test('bad lines are named by file and line, all of them, and the policy is refused', () => {
  const list = '10.0.0.0/8\n10.0.0.1/8\n# fine\n2001:db8::/32\n10.1.0.0/16, 10.2.0.0/16\r\n010.0.0.0/8\n';
  assert.deepEqual(faultsOf(plain, { 'inside.txt': list }), [
    'inside.txt:2:1: has host bits set: the /8 network here is 10.0.0.0/8',
    'inside.txt:4:1: must be an IPv4 network such as 10.20.0.0/16',
    'inside.txt:5:1: must be an IPv4 network such as 10.20.0.0/16',
    'inside.txt:6:1: has an octet with a leading zero: 010',
  ]);
});

test('a file that is no list at all gives a bounded number of faults', () => {
  const faults = faultsOf(plain, { 'inside.txt': 'x\n'.repeat(100_000) });
  assert.equal(faults.length, 50);
});

test('a list that is missing is a fault where the policy names it, and is known by name', () => {
  const read = readPolicyText(plain);
  assert.deepEqual(
    read.faults?.map(({ line, column, member, message }) => ({ line, column, member, message })),
    [{ line: 6, column: 18, member: '/guardrails/cidrs/file', message: 'cannot be read (ENOENT)' }],
  );
  assert.deepEqual(read.files, ['inside.txt']);
});

test('an empty list of what is allowed is a fault, even beside one of what is forbidden', () => {
  const message = 'names a list without a network: it would refuse every request';
  for (const empty of ['', '\n\n', '# nothing yet\n']) {
    assert.deepEqual(faultsOf(plain, { 'inside.txt': empty }), [`p:6:18: /guardrails/cidrs/file ${message}`]);
  }
  const twice = `  forbiddenCidrs: { file: none.txt }
grants:
  - { id: a, callers: [{ claim: sub, equals: a }], actions: [create], cidrs: { file: none.txt } }
`;
  assert.deepEqual(faultsOf(policyWith(twice, '[10.0.0.0/8]'), { 'none.txt': '' }), [
    `p:9:86: /grants/0/cidrs/file ${message}`,
  ]);
});

test('an empty list of what is forbidden is none', () => {
  const text = policyWith('  forbiddenCidrs: { file: none.txt }\n', '[10.0.0.0/8]');
  assert.equal(dataOf(text, { 'none.txt': '' }).guardrails.forbiddenCidrs.count, 0);
});

test('the version counts the policy and each of its lists once, in the order of the text', () => {
  const text = `version: 1
organization: acme
grants:
  - { id: a, callers: [{ claim: sub, equals: a }], actions: [create], cidrs: { file: z.txt } }
guardrails:
  forbiddenCidrs: { file: b.txt }
  accounts: ["111122223333"]
  regions: [us-east-1]
  cidrs: { file: a.txt }
exceptions:
  - id: e
    callers: [{ claim: sub, equals: a }]
    allows: { cidrs: { file: z.txt } }
    expires: 2027-01-01T00:00:00Z
`;
  const lists = { 'a.txt': '10.0.0.0/8\n', 'b.txt': '10.129.0.0/24\r\n', 'z.txt': '# z\n10.20.0.0/16' };
  const { version, files } = dataOf(text, lists);
  assert.deepEqual(files, ['z.txt', 'b.txt', 'a.txt']);
  const { 'z.txt': z, 'b.txt': b, 'a.txt': a } = lists;
  assert.equal(version, versionOf(text, { 'z.txt': z, 'b.txt': b, 'a.txt': a }));
});

test('a comment that is changed in a list makes another version', () => {
  const versionWith = (list: string) => dataOf(plain, { 'inside.txt': list }).version;
  assert.notEqual(versionWith('10.0.0.0/8 # one\n'), versionWith('10.0.0.0/8 # two\n'));
});

test('a list that is named twice is read once and its faults are reported once', () => {
  const twice = policyWith('  forbiddenCidrs: { file: inside.txt }\n');
  const faults = ['inside.txt:1:1: must be an IPv4 network such as 10.20.0.0/16'];
  assert.deepEqual(faultsOf(twice, { 'inside.txt': 'x' }), faults);
  const asked: string[] = [];
  const readList = (name: string) => {
    asked.push(name);
    return Buffer.from('10.0.0.0/8');
  };
  const read = parsePolicy({ path: 'p', bytes: Buffer.from(twice), readList }, 0);
  assert.equal(read.faults, undefined);
  assert.deepEqual(asked, ['inside.txt']);
});

test('a list that only an expired exception names may be gone or faulty: that is a warning, and nothing more', () => {
  const exceptions = `exceptions:
  - id: e
    callers: [{ claim: sub, equals: a }]
    allows: { cidrs: { file: office.txt } }
    expires: 2026-01-31T00:00:00Z
`;
  const text = policyWith(exceptions, '[10.0.0.0/8]');
  const warnings = (lists: Record<string, string>) => warningsOf(text, lists).slice(1);
  assert.deepEqual(warnings({}), ['p:10:30: /exceptions/0/allows/cidrs/file cannot be read (ENOENT)']);
  assert.deepEqual(warnings({ 'office.txt': 'x' }), [
    'office.txt:1:1: must be an IPv4 network such as 10.20.0.0/16',
  ]);
  assert.equal(warnings({ 'office.txt': '' }).length, 1);
  assert.deepEqual(warnings({ 'office.txt': '10.0.0.0/8' }), []);
});

test('a faulty list is a fault when anything that has effect names it, too, whatever names it first', () => {
  const first = `exceptions:
  - { id: e, callers: [{ claim: sub, equals: a }], allows: { cidrs: { file: inside.txt } }, expires: 2026-01-31T00:00:00Z }
`;
  assert.deepEqual(faultsOf(`${first}${plain}`, { 'inside.txt': 'x' }), [
    'inside.txt:1:1: must be an IPv4 network such as 10.20.0.0/16',
  ]);
  assert.equal(faultsOf(`${first}${plain}`, {}).length, 2);
});

test('faults of lists are reported together with those of the policy, which stays refused', () => {
  const text = policyWith('mode: dry\ngrants: [{ file: other.txt }]\n', '{ file: inside.txt }');
  const read = readPolicyText(text, { 'inside.txt': 'x' });
  const messages = read.faults?.map(({ file, line }) => `${file}:${line}`);
  assert.deepEqual(new Set(messages), new Set(['p:7', 'p:8', 'inside.txt:1']));
  // A stray member called file is no list, and nothing is read for it.
  assert.deepEqual(read.files, ['inside.txt']);
});

test('a policy that names a file outside of its folder reads none', () => {
  for (const name of ['../secret', '/etc/passwd', 'a/b', '..', '.', 'a\\b', '.hidden']) {
    const text = policyWith('', JSON.stringify({ file: name }));
    const lists = new Proxy({}, { get: (_, asked) => assert.fail(`read ${String(asked)}`) });
    assert.equal(readPolicyText(text, lists).faults?.length, 1);
    assert.deepEqual(readPolicyText(text, lists).files, []);
  }
});
