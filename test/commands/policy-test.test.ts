// `policy test`: a policy's own cases, run with a report for people, JUnit XML for a CI, and an exit status for scripts.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { folderWith, peergate } from './policy-run.ts';
import { readXml } from './read-xml.ts';

const policy = `version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1]
  cidrs: [10.0.0.0/8]
grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create]
exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: svc-payments }]
    allows: { prefixLength: { min: 29, max: 29 } }
    expires: 2027-01-31T00:00:00Z
`;
const request = (changes = '') =>
  `{ action: create, clusterId: 6F0F7C5E-4D7E-4A51-9A2E-0C6F1F0A7B11, vpcId: vpc-0123456789abcdef0, cidrBlock: 10.20.4.0/22, accountId: "111122223333", region: us-east-1, isSecureConnection: true${changes} }`;
const oneCase = (name: string, rest: string, asked = request(), sub = 'svc-payments') =>
  `  - name: ${JSON.stringify(name)}\n    claims: { sub: ${sub} }\n    request: ${asked}\n    ${rest}\n`;
const list = '{ action: list, clusterId: 6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11 }';
const small = request().replace('10.20.4.0/22', '10.20.4.0/29');
const good = [
  oneCase('payments may peer', 'expect: allow'),
  oneCase('a list is not granted', 'expect: deny\n    codes: [action_not_allowed]', list),
  oneCase('nobody may', 'expect: deny\n    codes: [no_grant]', request(), 'nobody'),
  oneCase('a small block, by the exception', 'expect: allow\n    codes: []', small),
  oneCase('not after it', 'expect: deny\n    codes: [prefix_length]\n    at: 2027-01-31T00:00:00Z', small),
];
const tests = (...cases: string[]) => `tests:\n${cases.join('')}`;

test('cases that all pass are reported by name, with a summary line and status 0', async () => {
  const path = await folderWith({ 'policy.yaml': policy, 'tests.yaml': tests(...good) });
  const { status, out, err } = await peergate(['policy', 'test', path('policy.yaml'), path('tests.yaml')]);
  assert.deepEqual([status, err], [0, '']);
  assert.equal(
    out,
    '✓ payments may peer\n✓ a list is not granted\n✓ nobody may\n✓ a small block, by the exception\n✓ not after it\n\n5 passed, 0 failed\n',
  );
});

test('a case for the list of clusters names none, and one for a cluster names it', async () => {
  const narrow = policy.replace(
    'actions: [create]',
    'actions: [list]\n    clusters: ["6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11"]',
  );
  const other = list.replace('6f0f7c5e', '6f0f7c5f');
  const path = await folderWith({
    'policy.yaml': narrow,
    'tests.yaml': tests(
      oneCase('the list of clusters', 'expect: allow', '{ action: list }'),
      oneCase('one of its clusters', 'expect: allow', list),
      oneCase('another cluster', 'expect: deny\n    codes: [cluster_not_allowed]', other),
      oneCase('nobody', 'expect: deny\n    codes: [no_grant]', '{ action: list }', 'nobody'),
    ),
  });
  const { status, out } = await peergate(['policy', 'test', path('policy.yaml'), path('tests.yaml')]);
  assert.equal(status, 0, out);
  assert.match(out, /\n4 passed, 0 failed\n$/);
});

test('a case that fails says where it stands, what it expects, what the policy says and why, with status 1', async () => {
  const path = await folderWith({
    'policy.yaml': policy,
    'tests.yaml': tests(
      good[0] ?? '',
      oneCase('refused for its region', 'expect: allow', request().replace('us-east-1', 'eu-west-1')),
      oneCase('allowed, alas', 'expect: deny'),
      oneCase('other codes', 'expect: deny\n    codes: [no_grant, prefix_length]', request(), 'nobody'),
      oneCase('too few codes', 'expect: deny\n    codes: []', request(), 'nobody'),
    ),
  });
  const { status, out, err } = await peergate(['policy', 'test', path('policy.yaml'), path('tests.yaml')]);
  assert.deepEqual([status, err], [1, '']);
  const file = path('tests.yaml');
  assert.deepEqual(out.split('\n'), [
    '✓ payments may peer',
    '✗ refused for its region',
    `    ${file}:6: "refused for its region" expects allow, the policy says deny with region_not_allowed`,
    '    guardrails: Region eu-west-1 is not allowed. Allowed: us-east-1.',
    '✗ allowed, alas',
    `    ${file}:10: "allowed, alas" expects deny, the policy says allow with no codes`,
    '✗ other codes',
    `    ${file}:14: "other codes" expects deny with no_grant, prefix_length, the policy says deny with no_grant`,
    '    grants: No grant of the policy is for this caller.',
    '✗ too few codes',
    `    ${file}:19: "too few codes" expects deny with no codes, the policy says deny with no_grant`,
    '    grants: No grant of the policy is for this caller.',
    '',
    '1 passed, 4 failed',
    '',
  ]);
});

test('a policy in report mode is tested by what enforcing would do', async () => {
  const path = await folderWith({
    'policy.yaml': `${policy}mode: report\n`,
    'tests.yaml': tests(...good),
  });
  assert.equal((await peergate(['policy', 'test', path('policy.yaml'), path('tests.yaml')])).status, 0);
});

test('an exception that has expired is a warning here, so that an old commit can still be tested', async () => {
  const expired = policy.replace('2027-01-31', '2026-10-31');
  const path = await folderWith({ 'policy.yaml': expired, 'tests.yaml': tests(good[0] ?? '') });
  const { status, err } = await peergate(['policy', 'test', path('policy.yaml'), path('tests.yaml')]);
  assert.equal(status, 0);
  assert.match(err, /^Warning: .*policy\.yaml:15:14: \/exceptions\/0\/expires is in the past/);
});

test('a case that leans on an expired exception fails here, with what to do about it', async () => {
  const expired = policy.replace('2027-01-31', '2026-10-31');
  const path = await folderWith({ 'policy.yaml': expired, 'tests.yaml': tests(good[3] ?? '') });
  const { status, out } = await peergate(['policy', 'test', path('policy.yaml'), path('tests.yaml')]);
  assert.equal(status, 1);
  assert.match(out, /it needs an exception that has expired: give the test a time with at\n/);
});

test('faults of both files are listed together, each with its place, and no case is run', async () => {
  const path = await folderWith({
    'policy.yaml': policy.replace('us-east-1', 'mars'),
    'tests.yaml': `tests:
  - name: ""
    claims: []
    request: { action: create, clusterId: x }
    at: yesterday
    expect: maybe
    codes: [nope]
    more: 1
  - { name: a, claims: {}, request: { action: fly }, expect: deny }
`,
  });
  const { status, out, err } = await peergate(['policy', 'test', path('policy.yaml'), path('tests.yaml')]);
  assert.deepEqual([status, out], [1, '']);
  const faults = err.split('\n').slice(1, -1);
  const places = faults.map((fault) => fault.replace(/^.*\/(\w+\.yaml:\d+):\d+: (\S*).*/, '$1 $2'));
  assert.deepEqual(
    new Set(places),
    new Set([
      'policy.yaml:5 /guardrails/regions/0',
      'tests.yaml:2 /tests/0/name',
      'tests.yaml:3 /tests/0/claims',
      ...['clusterId', 'vpcId', 'cidrBlock', 'accountId', 'region', 'isSecureConnection'].map(
        (name) => `tests.yaml:4 /tests/0/request/${name}`,
      ),
      'tests.yaml:5 /tests/0/at',
      'tests.yaml:6 /tests/0/expect',
      'tests.yaml:7 /tests/0/codes/0',
      'tests.yaml:8 /tests/0/more',
      'tests.yaml:9 /tests/1/request/action',
    ]),
  );
  assert.match(err, new RegExp(`^${faults.length} faults:\n`));
});

test('a file that is missing, and a file without a case, fail the run', async () => {
  const path = await folderWith({ 'policy.yaml': policy, 'none.yaml': 'tests: []\n' });
  for (const [first, second, words] of [
    ['policy.yaml', 'missing.yaml', /missing\.yaml:1:1: cannot be read \(ENOENT\)/],
    ['missing.yaml', 'none.yaml', /missing\.yaml:1:1: cannot be read \(ENOENT\)/],
    ['policy.yaml', 'none.yaml', /\/tests must not be empty/],
  ] as const) {
    const { status, out, err } = await peergate(['policy', 'test', path(first), path(second)]);
    assert.deepEqual([status, out], [1, '']);
    assert.match(err, words);
  }
});

test('a wrong call ends with status 2 and the usage', async () => {
  for (const args of [[], ['p'], ['p', 't', 'x'], ['p', 't', '--colour', 'x'], ['p', 't', '--junit']]) {
    const { status, out, err } = await peergate(['policy', 'test', ...args]);
    assert.deepEqual([args, status, out], [args, 2, '']);
    assert.match(err, /Usage: bin\/peergate policy test/);
  }
});

test('the JUnit XML is well-formed whatever the names, with a failure for each case that failed', async () => {
  const name = `<a href="x">&amp; 'quoted' ]]> \u0000\u001b[31m\uffff\ud800 é 😀`;
  const path = await folderWith({
    'policy.yaml': policy,
    'tests <&">.yaml': tests(oneCase(name, 'expect: deny'), oneCase('fine & good', 'expect: allow')),
  });
  const file = path('tests <&">.yaml');
  const args = ['policy', 'test', path('policy.yaml'), file, '--junit', path('junit.xml')];
  assert.equal((await peergate(args)).status, 1);
  const [suite, ...more] = readXml(await readFile(path('junit.xml'), 'utf8'));
  assert.equal(more.length, 0);
  assert.deepEqual(suite?.attributes, { name: file, tests: '2', failures: '1' });
  const [failed, passed] = suite?.children ?? [];
  assert.equal(failed?.attributes['name'], `<a href="x">&amp; 'quoted' ]]>   [31m   é 😀`);
  assert.equal(failed?.attributes['classname'], file);
  assert.equal(failed?.children[0]?.name, 'failure');
  assert.match(failed?.children[0]?.attributes['message'] ?? '', /expects deny, the policy says allow/);
  assert.deepEqual([passed?.attributes['name'], passed?.children], ['fine & good', []]);
});

test('results that cannot be written fail the run', async () => {
  const path = await folderWith({ 'policy.yaml': policy, 'tests.yaml': tests(...good) });
  const junit = path('none/junit.xml');
  const args = ['policy', 'test', path('policy.yaml'), path('tests.yaml'), '--junit', junit];
  const { status, err } = await peergate(args);
  assert.equal(status, 1);
  assert.match(err, /Failed to write the results: ENOENT/);
});

test('control characters of either file never reach the terminal', async () => {
  const path = await folderWith({
    'policy.yaml': policy,
    'tests.yaml': tests(
      oneCase('\u001b[2Jx\u202e', 'expect: deny'),
      oneCase('\u009bm\u0007', 'expect: allow'),
    ),
    'bad.yaml': '"\\e[31mmember": 1\n',
  });
  const ran = await peergate(['policy', 'test', path('policy.yaml'), path('tests.yaml')]);
  const bad = await peergate(['policy', 'test', path('bad.yaml'), path('bad.yaml')]);
  for (const text of [ran.out, ran.err, bad.out, bad.err]) assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Cf}]/u);
  assert.match(ran.out, /✗ �\[2Jx�\n/);
});

test('colours come only where they are welcome', async () => {
  const path = await folderWith({ 'policy.yaml': policy, 'tests.yaml': tests(...good) });
  const args = ['policy', 'test', path('policy.yaml'), path('tests.yaml')];
  const coloured = await peergate(args, { colours: true });
  assert.ok(coloured.out.startsWith('\x1b[32m✓\x1b[0m payments may peer\n'));
  assert.equal(stripVTControlCharacters(coloured.out), (await peergate(args)).out);
});
