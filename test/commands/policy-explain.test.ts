// `policy explain`: the decision for one request as a tree, with an exit status that a script can ask.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { allowed, clusterId } from '../support/gateway.ts';
import { folderWith, peergate } from './policy-run.ts';

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
    cidrs: [10.20.0.0/16]
  - id: lists
    callers: [{ claim: sub, equals: "svc-*" }]
    actions: [list]
exceptions:
  - id: CHG-1
    callers: [{ claim: sub, equals: svc-payments }]
    allows: { regions: [eu-west-1] }
    expires: 2027-01-31T00:00:00Z
`;
const create = { action: 'create', clusterId, ...allowed };
const claims = { iss: 'https://idp.example', sub: 'svc-payments' };

interface Asked {
  readonly policy?: string;
  readonly request?: unknown;
  readonly claims?: unknown;
  readonly more?: readonly string[];
  readonly colours?: boolean;
}

async function explain(asked: Asked) {
  const path = await folderWith({
    'policy.yaml': asked.policy ?? policy,
    'r.json': JSON.stringify(asked.request ?? create),
    'c.json': JSON.stringify(asked.claims ?? claims),
  });
  const files = [path('policy.yaml'), '--request', path('r.json'), '--claims', path('c.json')];
  const ran = await peergate(['policy', 'explain', ...files, ...(asked.more ?? [])], {
    colours: asked.colours ?? false,
  });
  return { ...ran, lines: ran.out.split('\n') };
}

test('an approval is drawn with what was asked, who asked, what each rule said and what decided; status 0', async () => {
  const { status, out, err } = await explain({});
  assert.deepEqual([status, err], [0, '']);
  const shown = out.replace(/[0-9a-f]{64}/, 'VERSION');
  assert.equal(
    shown,
    `allow
├─ asked
│  ├─ action             create
│  ├─ clusterId          ${clusterId}
│  ├─ vpcId              vpc-0123456789abcdef0
│  ├─ cidrBlock          10.20.4.0/22
│  ├─ accountId          111122223333
│  ├─ region             us-east-1
│  ├─ isSecureConnection true
│  └─ at                 2026-11-01T00:00:00.000Z
├─ caller
│  ├─ issuer      https://idp.example
│  ├─ subject     svc-payments
│  ├─ grants      payments, lists
│  └─ exceptions  CHG-1
├─ ✓ guardrails: nothing against it
├─ ✓ payments: nothing against it
├─ ✗ lists
│  └─ action_not_allowed
│     └─ The grant does not cover create. Allowed: list.
└─ decided
   ├─ grant       payments
   ├─ exceptions  none needed
   ├─ mode        enforce
   └─ policy      VERSION
`,
  );
});

test('a denial shows every violation with its field and what would pass; status 1', async () => {
  const request = { ...create, cidrBlock: '10.21.0.0/29', accountId: '999999999999' };
  const { status, lines } = await explain({ request });
  assert.equal(status, 1);
  assert.equal(lines[0], 'deny');
  for (const line of [
    '├─ ✗ guardrails',
    '│  ├─ account_not_allowed /accountId',
    '│  │  └─ Account 999999999999 is not allowed. Allowed: 111122223333.',
    '│  └─ prefix_length /cidrBlock',
    '├─ ✗ payments',
    '│  └─ cidr_not_allowed /cidrBlock',
    '   ├─ grant       none',
  ])
    assert.ok(lines.includes(line), `${line}\n${lines.join('\n')}`);
});

test('the nearest block is offered in the tree as in the answer', async () => {
  const { out } = await explain({ request: { ...create, cidrBlock: '10.20.4.0/29' } });
  assert.match(out, /Allowed: 16 to 28\. The nearest block that fits: 10\.20\.4\.0\/28\./);
});

test('--at decides at that time: an exception helps before its expiry and not after', async () => {
  const request = { ...create, region: 'eu-west-1' };
  const before = await explain({ request, more: ['--at', '2027-01-30T23:59:59Z'] });
  assert.equal(before.status, 0);
  assert.match(before.out, /✓ guardrails: nothing against it, with the exception CHG-1/);
  assert.match(before.out, /exceptions {2}CHG-1\n {3}├─ mode/);
  assert.match(before.out, /at {17}2027-01-30T23:59:59\.000Z/);
  const after = await explain({ request, more: ['--at', '2027-01-31T01:00:00+01:00'] });
  assert.equal(after.status, 1);
  assert.match(after.out, /exceptions {2}CHG-1 \(expired\)/);
});

test('a time that is not one with its zone is a wrong call', async () => {
  for (const at of ['tomorrow', '2027-01-31', '2027-01-31T00:00:00', '1800000000', '', 'Sun, 31 Jan 2027']) {
    const { status, out, err } = await explain({ more: ['--at', at] });
    assert.deepEqual([at, status, out], [at, 2, '']);
    assert.match(err, /^--at must be a time such as 2026-12-01T00:00:00Z\.\n\nUsage:/);
  }
});

test('in report mode a would-be denial is an approval that says so', async () => {
  const request = { ...create, region: 'ap-south-1' };
  const { status, lines } = await explain({ policy: `${policy}mode: report\n`, request });
  assert.equal(status, 0);
  assert.equal(lines[0], 'allow (report mode: enforcing would deny)');
  assert.ok(lines.includes('   ├─ mode        report'));
});

test('a list, a caller without grants and a policy without grants are explained, too', async () => {
  const listed = await explain({ request: { action: 'list', clusterId: clusterId.toUpperCase() } });
  assert.deepEqual([listed.status, listed.lines[3]], [0, `│  ├─ clusterId          ${clusterId}`]);
  assert.ok(listed.lines.includes('   ├─ grant       lists'));
  const stranger = await explain({ claims: {} });
  assert.equal(stranger.status, 1);
  assert.match(stranger.out, /issuer {6}none\n.*subject {5}none\n.*grants {6}none\n.*exceptions {2}none/);
  const open = await explain({ policy: policy.slice(0, policy.indexOf('grants:')) });
  assert.equal(open.status, 0);
  assert.match(open.out, /grants {6}the policy has none; the scope is enough/);
});

test('faults of all three files are listed together with status 1', async () => {
  const { status, out, err } = await explain({
    policy: policy.replace('us-east-1', 'mars'),
    request: { ...create, cidrBlock: '10.20.4.1/22', extra: 1 },
    claims: [],
  });
  assert.deepEqual([status, out], [1, '']);
  assert.match(err, /^4 faults:\n/);
  assert.match(err, /policy\.yaml:5:13: \/guardrails\/regions\/0 must be an AWS region/);
  assert.match(
    err,
    /r\.json:1:\d+: \/cidrBlock has host bits set: the \/22 network here is 10\.20\.4\.0\/22/,
  );
  assert.match(err, /r\.json:1:\d+: \/extra is not a member here/);
  assert.match(err, /c\.json:1:1: must be an object of claims/);
});

test('a denial is never shown without its reason: a caller whom no grant matches is told so', async () => {
  const { status, out } = await explain({ claims: { ...claims, sub: 'stranger' } });
  assert.equal(status, 1);
  assert.match(out, /^deny\n/);
  assert.match(out, /✓ guardrails: nothing against it\n/);
  assert.match(out, /✗ grants\n.*no_grant\n.*No grant of the policy is for this caller\./s);
});

test('a file that is missing is a fault, a missing option is a wrong call', async () => {
  const path = await folderWith({ 'policy.yaml': policy });
  const options = ['--request', path('none.json'), '--claims', path('none.yaml')];
  const missing = await peergate(['policy', 'explain', path('policy.yaml'), ...options]);
  assert.equal(missing.status, 1);
  assert.match(missing.err, /^2 faults:\n.*none\.json:1:1: cannot be read \(ENOENT\)\n.*none\.yaml:1:1:/);
  for (const args of [
    options,
    [path('policy.yaml')],
    [path('policy.yaml'), ...options.slice(0, 2)],
    ['a', 'b', ...options],
  ]) {
    const { status, out, err } = await peergate(['policy', 'explain', ...args]);
    assert.deepEqual([args, status, out], [args, 2, '']);
    assert.match(err, /Usage: bin\/peergate policy explain/);
  }
});

test('control characters of a claim never reach the terminal', async () => {
  const { out } = await explain({ claims: { iss: 'a\u001b[2J\nb', sub: '\u009b31m\u202e' } });
  assert.doesNotMatch(out, /(?!\n)[\p{Cc}\p{Cf}]/u);
  assert.match(out, /issuer {6}a�\[2J�b\n/);
});

test('colours come only where they are welcome', async () => {
  const plain = await explain({});
  const coloured = await explain({ colours: true });
  assert.ok(coloured.out.startsWith('\x1b[32mallow\x1b[0m\n'));
  assert.equal(stripVTControlCharacters(coloured.out), plain.out);
});

const tokenOf = (payload: object): string =>
  [{ alg: 'none' }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');

test('--token takes the claims of a JWT, and says that it was not verified', async () => {
  const path = await folderWith({
    'policy.yaml': policy,
    'r.json': JSON.stringify(create),
    token: `${tokenOf(claims)}.c2lnbmF0dXJl\n`,
    none: 'no-token-but-a-secret',
    'c.json': JSON.stringify(claims),
  });
  const files = [path('policy.yaml'), '--request', path('r.json')];
  const { status, out } = await peergate(['policy', 'explain', ...files, '--token', path('token')]);
  assert.equal(status, 0);
  assert.match(out, /caller \(the token was not verified\)[\s\S]*subject {5}svc-payments/);
  const wrong = await peergate(['policy', 'explain', ...files, '--token', path('none')]);
  assert.equal(wrong.status, 1);
  assert.match(wrong.err, /must hold a JWT/);
  assert.equal(wrong.err.includes('a-secret'), false);
  for (const both of [[], ['--token', path('token'), '--claims', path('c.json')]])
    assert.equal((await peergate(['policy', 'explain', ...files, ...both])).status, 2);
});
