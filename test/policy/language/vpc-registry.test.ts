// The VPC registry: what is read from CSV and what is a fault, and what it refuses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RegisteredVpc } from '../../../src/net/vpc-registry.ts';
import { decide } from '../../../src/policy/engine/decide.ts';
import type { PeeringRequest } from '../../../src/policy/engine/decision.ts';
import { allowed, clusterId, guardrailsOnly } from '../../support/gateway.ts';
import { faultsOf, policyOf } from '../../support/policy.ts';

const text = `${guardrailsOnly}vpcs: { file: vpcs.csv }\n`;
const own = 'vpc-0123456789abcdef0,111122223333,us-east-1,10.20.0.0/16;10.30.0.0/24\n';
const policyWith = (csv: string, policy = text) => policyOf(policy, { 'vpcs.csv': csv });

function violations(csv: string, change: Partial<PeeringRequest> = {}, policy = text) {
  const peering = { clusterId, ...allowed, ...change };
  const question = {
    claims: { sub: 'a' },
    at: Date.parse('2026-11-01T00:00:00Z'),
    action: 'create',
  } as const;
  return decide(policyWith(csv, policy), { ...question, clusterId, peering }).violations;
}
const told = (...given: Parameters<typeof violations>) =>
  violations(...given).map(({ code, field, rule, allowed: values }) => [code, field, rule, values]);

test('rows may be quoted, end with CRLF and have a header, comments and a byte-order mark', () => {
  const csv = `\uFEFFvpcId,accountId,region,cidr\r\n# of AWS IPAM\r\n\r\n"vpc-0123456789abcdef0","111122223333","us-east-1","10.20.0.0/16;10.30.0.0/24"\r\n`;
  for (const good of [csv, own, own.trimEnd()]) assert.deepEqual(told(good), []);
});

test('malformed rows, duplicates and an empty registry are faults with the file and its line', () => {
  const csv = `${own}vpc-01234567,111122223333,us-east-1
vpc-1,111122223333,us-east-1,10.0.0.0/16
vpc-01234567,11112222333,us-east-1,10.0.0.0/16
vpc-01234567,111122223333,useast1,10.0.0.0/16
vpc-01234567,111122223333,us-east-1,10.0.0.1/16
vpc-01234567,111122223333,us-east-1,
vpc-01234567,111122223333,us-east-1,10.0.0.0/16,x
vpc-01234567,111122223333,"us-east-1,10.0.0.0/16"
vpc-0123456789abcdef0,111122223333,us-east-1,10.0.0.0/16
vpcId,accountId,region,cidr
vpc-01234567,111122223333,us-east-1,${Array.from({ length: 51 }, () => '10.0.0.0/16').join(';')}
`;
  assert.deepEqual(
    faultsOf(text, { 'vpcs.csv': csv }).map((fault) => fault.replace(/^vpcs\.csv:/, '')),
    [
      '2:1: must have four fields: vpcId,accountId,region,cidr[;cidr…]',
      '3:1: must begin with a VPC id such as vpc-0123456789abcdef0',
      '4:1: must have an AWS account, 12 digits, as its second field',
      '5:1: must have an AWS region such as us-east-1 as its third field',
      '6:1: must have IPv4 networks as its fourth field: one has host bits set: the /16 network here is 10.0.0.0/16',
      '7:1: must have IPv4 networks as its fourth field: one must be an IPv4 network such as 10.20.0.0/16',
      '8:1: must have four fields: vpcId,accountId,region,cidr[;cidr…]',
      '9:1: must have an AWS region such as us-east-1 as its third field',
      '10:1: names vpc-0123456789abcdef0 again, which stands in line 1',
      '11:1: must begin with a VPC id such as vpc-0123456789abcdef0',
      '12:1: must have at most 50 blocks',
    ],
  );
  assert.deepEqual(faultsOf(text, { 'vpcs.csv': '# nothing\n' }), [
    'p:10:15: /vpcs/file names a list without a VPC: it would refuse every request',
  ]);
  assert.deepEqual(faultsOf(text), ['p:10:15: /vpcs/file cannot be read (ENOENT)']);
  assert.deepEqual(faultsOf(text.replace('vpcs.csv', '../vpcs.csv')).length, 1);
});

test('one file cannot be a list of networks and the registry', () => {
  const both = text.replace('[10.0.0.0/8, 172.16.0.0/12]', '{ file: vpcs.csv }');
  assert.deepEqual(faultsOf(both, { 'vpcs.csv': '10.0.0.0/8\n' }), [
    'p:10:15: /vpcs/file names a file that is read as another kind of list elsewhere',
  ]);
});

test('the version of the policy counts the registry', () => {
  const version = (csv: string) => policyWith(csv).version;
  assert.notEqual(version(own), version(`${own}# more\n`));
});

test('an unknown VPC, another account or region, and a block outside are refused with what the registry says', () => {
  assert.deepEqual(told('vpc-01234567,111122223333,us-east-1,10.20.0.0/16\n'), [
    ['vpc_unknown', '/vpcId', 'vpcs', []],
  ]);
  assert.deepEqual(told(own, { region: 'eu-west-1' }), [['vpc_mismatch', '/region', 'vpcs', ['us-east-1']]]);
  assert.deepEqual(told(own, { cidrBlock: '10.21.0.0/22' }), [
    ['vpc_mismatch', '/cidrBlock', 'vpcs', ['10.20.0.0/16', '10.30.0.0/24']],
  ]);
});

test('nothing of the registry is named to a caller who does not name the account, or may not use it', () => {
  const foreign = 'vpc-0123456789abcdef0,999988887777,eu-north-1,192.168.0.0/16\n';
  assert.deepEqual(told(foreign), [['vpc_mismatch', '/accountId', 'vpcs', []]]);
  const known = violations(foreign, { accountId: '999988887777' });
  assert.deepEqual(
    known.map(({ code, rule }) => `${code} ${rule}`),
    ['account_not_allowed guardrails', 'vpc_mismatch vpcs', 'vpc_mismatch vpcs'],
  );
  for (const secret of ['eu-north-1', '192.168']) assert.ok(!JSON.stringify(known).includes(secret), secret);
});

test('nothing of the registry is named to a caller without a grant', () => {
  const grants = 'grants: [{ id: g, callers: [{ claim: sub, equals: b }], actions: [create] }]\n';
  const found = violations(own, { region: 'eu-west-1' }, `${text}${grants}`);
  assert.deepEqual(
    found.map(({ code, allowed: values }) => [code, values]),
    [
      ['no_grant', []],
      ['vpc_mismatch', []],
    ],
  );
});

test('a secondary block that overlaps a forbidden one is refused', () => {
  const csv = 'vpc-0123456789abcdef0,111122223333,us-east-1,10.20.0.0/16;10.129.0.0/28\n';
  assert.deepEqual(
    violations(csv).map(({ code, field, rule }) => [code, field, rule]),
    [['cidr_forbidden', '/vpcId', 'guardrails']],
  );
});

test('no exception changes what the registry says, and report mode records it', () => {
  const exception = `${text}exceptions:
  - { id: e, callers: [{ claim: sub, equals: a }], allows: { regions: [eu-west-1], cidrs: [192.0.2.0/24] }, expires: 2027-01-01T00:00:00Z }
`;
  assert.deepEqual(
    told(own, { cidrBlock: '192.0.2.0/28' }, exception).map(([code]) => code),
    ['vpc_mismatch'],
  );
  const peering = { clusterId, ...allowed, vpcId: 'vpc-01234567' };
  const question = { claims: {}, at: 0, action: 'create', clusterId, peering } as const;
  const decision = decide(policyWith(own, `${text}mode: report\n`), question);
  assert.deepEqual([decision.effect, decision.violations[0]?.code], ['allow', 'vpc_unknown']);
});

test('every one of many VPCs is found, and none beside them', () => {
  const id = (number: number, digits: number) => `vpc-${number.toString(16).padStart(digits, '0')}`;
  const rows = Array.from(
    { length: 3000 },
    (_, number) =>
      `${id(number * 7, number % 2 === 0 ? 8 : 17)},111122223333,us-east-1,10.${number % 256}.0.0/16\n`,
  );
  const { vpcs } = policyWith(rows.join(''));
  assert.ok(vpcs);
  for (let number = 0; number < 3000; number += 1) {
    const found: RegisteredVpc | undefined = vpcs.find(id(number * 7, number % 2 === 0 ? 8 : 17));
    assert.equal(found?.blocks[0]?.first, (10 * 256 + (number % 256)) * 65_536);
    assert.equal(vpcs.find(id(number * 7 + 1, 8)), undefined);
  }
  for (const odd of ['', 'vpc-', 'zzz', 'vpc-00000000,']) assert.equal(vpcs.find(odd), undefined, odd);
});
