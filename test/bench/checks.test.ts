// The checks that the peers are given decide as the gateway's own policy does: nobody is faster by deciding something
// else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyFault, refusal } from '../../bench/candidates/checks.ts';
import { clusterId, goodCreate } from '../../bench/load/deck.ts';
import { benchPolicy } from '../../bench/stand/peergate.ts';
import { decide } from '../../src/policy/engine/decide.ts';
import { policyOf } from '../support/policy.ts';

const policy = policyOf(benchPolicy());

function gatewayAllows(body: typeof goodCreate): boolean {
  const peering = { clusterId: clusterId(0), ...body };
  const question = {
    claims: { sub: 'svc-0' },
    at: Date.now(),
    action: 'create',
    ...{ clusterId: clusterId(0), peering },
  };
  return decide(policy, question as Parameters<typeof decide>[1]).effect === 'allow';
}

const changes: Partial<typeof goodCreate>[] = [
  {},
  { accountId: '999988887777' },
  { region: 'ap-south-1' },
  { region: 'eu-west-1' },
  ...[
    ...['192.168.0.0/22', '172.16.0.0/16', '172.32.0.0/16', '10.0.0.0/8', '10.0.0.0/15', '10.255.0.0/16'],
    ...['10.20.4.0/28', '10.20.4.0/29', '10.128.4.0/22', '10.128.0.0/16', '10.128.32.0/19', '10.129.0.0/24'],
    ...['10.129.0.0/16', '10.129.1.0/24', '0.0.0.0/0', '10.129.0.16/28', '11.0.0.0/16'],
  ].map((cidrBlock) => ({ cidrBlock })),
];

test('the checks by hand allow what the policy of the gateway allows, and nothing else', () => {
  const verdicts = changes.map((change) => {
    const body = { ...goodCreate, ...change };
    const allowed = refusal(body) === undefined;
    assert.equal(allowed, gatewayAllows(body), JSON.stringify(change));
    return allowed;
  });
  assert.ok(verdicts.includes(true) && verdicts.includes(false));
});

test('a body by hand has exactly the five members, each of its form', () => {
  assert.equal(bodyFault(goodCreate), undefined);
  const hostBits = { ...goodCreate, cidrBlock: '10.20.5.0/22' };
  const wrong: unknown[] = [null, 'text', [], {}, { ...goodCreate, note: 'x' }, hostBits];
  for (const name of Object.keys(goodCreate)) {
    wrong.push(
      { ...goodCreate, [name]: undefined },
      { ...goodCreate, [name]: 'x' },
      { ...goodCreate, [name]: 1 },
    );
  }
  for (const body of wrong) assert.notEqual(bodyFault(body), undefined, JSON.stringify(body));
});
