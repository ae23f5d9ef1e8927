// Replaying: a record is decided again from what it holds, and what it does not hold is never guessed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuditChain } from '../../../src/audit/log/chain.ts';
import type { AuditEvent } from '../../../src/audit/record/event-form.ts';
import { intentEvent, outcomeEvent, refusedEvent } from '../../../src/audit/record/request-events.ts';
import { createPeering } from '../../../src/operations/create-peering/create-peering.ts';
import { decide } from '../../../src/policy/engine/decide.ts';
import type { Claims } from '../../../src/policy/engine/decision.ts';
import { claimsFor } from '../../../src/policy/engine/recorded-claims.ts';
import { describeReplayed, replay } from '../../../src/policy/engine/replay.ts';
import { allowed, clusterId } from '../../support/gateway.ts';
import { policyOf } from '../../support/policy.ts';

const at = Date.parse('2026-11-01T00:00:00Z');
const head = `version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1]
  cidrs: [10.0.0.0/8]
`;
const grantTo = (caller: string) =>
  policyOf(`${head}grants: [{ id: g, callers: [${caller}], actions: [create, list] }]`);
const open = policyOf(head);

const recordIn = (event: AuditEvent) =>
  JSON.parse(new AuditChain({ version: '0', instance: 'i' }, () => 'id').append(event));

interface Past {
  readonly policy?: typeof open;
  readonly claims?: Claims;
  readonly region?: string;
  readonly clientId?: string;
  readonly withoutScopes?: boolean;
}

/** The record of a create that was decided in the past, as it stands in a log. */
function recordOf({
  policy = open,
  claims = {},
  region = 'us-east-1',
  clientId,
  withoutScopes = false,
}: Past = {}): unknown {
  const peering = { ...allowed, region, clusterId };
  const decision = decide(policy, { claims, withoutScopes, at, action: 'create', clusterId, peering });
  const facts = {
    startedAt: at,
    gatewayRequestId: 'g',
    requestId: 'r',
    clientAddress: '127.0.0.1',
    operation: createPeering,
    caller: {
      issuer: 'https://idp.example',
      subject: 'svc',
      clientId,
      tokenId: 'token-1',
      withoutScopes,
      scopes: new Set<string>(),
      claims,
    },
    target: { clusterId, peering },
    decision,
    claims: claimsFor(policy, claims),
  } as const;
  const event =
    decision.effect === 'allow'
      ? intentEvent(facts, at)
      : refusedEvent(facts, { code: 'policy-denied', detail: '' }, at);
  return recordIn(event);
}

function verdictOf(policy: typeof open, past: Past) {
  const replayed = replay(policy, recordOf(past));
  assert.ok(replayed !== undefined);
  const { before, after, notRecorded } = replayed;
  return [before, after, ...notRecorded];
}

test('a record is decided by the claims that it holds, nested ones and arrays included', () => {
  const wanted = grantTo('{ claim: /realm_access/roles, contains: net }, { claim: a/b, equals: 7 }');
  const claims = { realm_access: { roles: ['x', 'net'] }, other: 1 };
  assert.deepEqual(verdictOf(wanted, { policy: wanted, claims }), ['allow', 'allow']);
  assert.deepEqual(verdictOf(wanted, { policy: wanted, claims: { 'a/b': 7 } }), ['allow', 'allow']);
  assert.deepEqual(verdictOf(wanted, { policy: wanted, claims: { 'a/b': '7' } }), ['deny', 'deny']);
});

test('issuer, subject and token id are known of every record', () => {
  const none = verdictOf(grantTo('{ claim: sub, equals: other }'), {});
  assert.deepEqual(none, ['allow', 'deny']);
  for (const [claim, value] of Object.entries({ iss: 'https://idp.example', sub: 'svc', jti: 'token-1' }))
    assert.deepEqual(verdictOf(grantTo(`{ claim: ${claim}, equals: "${value}" }`), {}), ['allow', 'allow']);
});

test('a denial by a claim that the record lacks is uncertain; an approval needs none', () => {
  const byTeam = grantTo('{ claim: team, equals: net }');
  assert.deepEqual(verdictOf(byTeam, {}), ['allow', 'deny', 'team']);
  const either = grantTo('{ claim: team, equals: net }, { claim: sub, equals: svc }');
  assert.deepEqual(verdictOf(either, {}), ['allow', 'allow']);
});

test('a denial that no value of a claim could turn around is certain without it', () => {
  const byTeam = '{ claim: team, equals: net }';
  assert.deepEqual(verdictOf(grantTo(byTeam), { region: 'eu-west-1' }), ['deny', 'deny']);
  const exception = (region: string) =>
    policyOf(
      `${head}exceptions: [{ id: e, callers: [${byTeam}], allows: { regions: [${region}] }, expires: 2027-01-01T00:00:00Z }]`,
    );
  assert.deepEqual(verdictOf(exception('eu-west-1'), { region: 'eu-west-1' }), ['deny', 'deny', 'team']);
  assert.deepEqual(verdictOf(exception('eu-west-2'), { region: 'eu-west-1' }), ['deny', 'deny']);
});

test('a claim that is recorded as missing is certain', () => {
  const byTeam = grantTo('{ claim: team, equals: net }');
  assert.deepEqual(verdictOf(byTeam, { policy: byTeam, claims: {} }), ['deny', 'deny']);
  assert.deepEqual(verdictOf(byTeam, { policy: byTeam, claims: { team: { net: 1 } } }), ['deny', 'deny']);
});

test('the client id is that of the record, unless the record says that the token had none', () => {
  const byClient = grantTo('{ claim: client_id, equals: c }');
  assert.deepEqual(verdictOf(byClient, { clientId: 'c' }), ['allow', 'allow']);
  // An issuer that names its clients by `azp` only.
  assert.deepEqual(verdictOf(byClient, { policy: byClient, claims: { azp: 'c' }, clientId: 'c' }), [
    'deny',
    'deny',
  ]);
});

test('a claim that the record may hold a part of only makes a denial uncertain', () => {
  const byGroup = grantTo('{ claim: groups, contains: g150 }');
  const claims = { groups: Array.from({ length: 200 }, (_, index) => `g${index}`) };
  assert.deepEqual(verdictOf(byGroup, { policy: byGroup, claims }), ['allow', 'deny', 'groups']);
  const bySubject = grantTo('{ claim: name, contains: end }');
  assert.deepEqual(verdictOf(bySubject, { policy: bySubject, claims: { name: `${'x'.repeat(500)} end` } }), [
    'allow',
    'deny',
    'name',
  ]);
});

test('a caller without scopes is decided as one again, and needs a grant that names its issuer and more', () => {
  const issuer = '{ claim: iss, equals: "https://idp.example" }';
  const bound = grantTo(`{ all: [${issuer}, { claim: sub, equals: svc }] }`);
  const past = { policy: bound, claims: { iss: 'https://idp.example', sub: 'svc' }, withoutScopes: true };
  assert.deepEqual(verdictOf(bound, past), ['allow', 'allow']);
  for (const next of [open, grantTo(issuer), grantTo('{ claim: sub, equals: svc }')]) {
    assert.deepEqual(verdictOf(next, past), ['allow', 'deny']);
    assert.deepEqual(verdictOf(next, { ...past, withoutScopes: false }), ['allow', 'allow']);
  }
  const more = grantTo(`{ all: [${issuer}, { claim: team, equals: net }] }`);
  assert.deepEqual(verdictOf(more, past), ['allow', 'deny', 'team']);
});

test('of combined conditions one that is known not to hold makes a denial certain', () => {
  const both = grantTo('{ all: [{ claim: sub, equals: other }, { claim: team, equals: net }] }');
  assert.deepEqual(verdictOf(both, {}), ['allow', 'deny']);
  const own = grantTo('{ all: [{ claim: sub, equals: svc }, { claim: team, equals: net }] }');
  assert.deepEqual(verdictOf(own, {}), ['allow', 'deny', 'team']);
});

test('the accounts that a token proved are read from the record, and a record without the claim is uncertain', () => {
  const proven = policyOf(
    `${head}grants: [{ id: g, callers: [{ claim: iss, equals: "https://idp.example" }], actions: [create], accounts: { fromClaim: /aws/account } }]`,
  );
  const iss = 'https://idp.example';
  const of = (account: unknown) => ({ policy: proven, claims: { iss, aws: { account } } });
  assert.deepEqual(verdictOf(proven, of('111122223333')), ['allow', 'allow']);
  assert.deepEqual(verdictOf(proven, of(['444455556666', '111122223333'])), ['allow', 'allow']);
  assert.deepEqual(verdictOf(proven, of(['111122223333', 7])), ['deny', 'deny']);
  assert.deepEqual(verdictOf(proven, of('444455556666')), ['deny', 'deny']);
  assert.deepEqual(verdictOf(proven, of(undefined)), ['deny', 'deny']);
  assert.deepEqual(verdictOf(proven, {}), ['allow', 'deny', '/aws/account']);
  assert.deepEqual(verdictOf(proven, { region: 'eu-west-1' }), ['deny', 'deny']);
  const before = grantTo('{ claim: sub, equals: other }');
  const record = recordOf({ policy: before, claims: { iss } }) as { unmapped: { claims: object } };
  const shown = replay(proven, {
    ...record,
    unmapped: { ...record.unmapped, claims: { iss, '/aws/account': '111122223333' } },
  });
  assert.ok(shown !== undefined);
  assert.match(
    describeReplayed(shown),
    /: deny → allow \(no_grant; accounts from the claim \/aws\/account\)$/,
  );
});

test('exceptions are decided at the time of the record', () => {
  const until = (expires: string) =>
    policyOf(
      `${head}exceptions: [{ id: e, callers: [{ claim: sub, equals: svc }], allows: { regions: [eu-west-1] }, expires: ${expires} }]`,
    );
  assert.deepEqual(verdictOf(until('2026-11-01T00:00:01Z'), { region: 'eu-west-1' }), ['deny', 'allow']);
  const past = `${head}exceptions: [{ id: e, callers: [{ claim: sub, equals: svc }], allows: { regions: [eu-west-1] }, expires: 2027-01-01T00:00:00Z }]`;
  assert.deepEqual(verdictOf(policyOf(past), { region: 'eu-west-1' }), ['deny', 'allow']);
});

test('a policy in report mode is taken as enforced', () => {
  const report = policyOf(`${head.replace('us-east-1', 'eu-west-1')}mode: report`);
  assert.deepEqual(verdictOf(report, {}), ['allow', 'deny']);
});

test('a record of something else, or of a refusal before the policy, is passed over', () => {
  const record = recordOf() as { unmapped: object; metadata: object };
  const others = [
    null,
    'text',
    {},
    { ...record, unmapped: {} },
    { ...record, metadata: { event_code: 'peering.create.outcome' } },
    { ...record, metadata: { event_code: 'constructor' } },
    { ...record, start_time: 1e300 },
    { ...record, metadata: { event_code: 'policy.loaded' } },
    recordIn(
      outcomeEvent(
        {
          startedAt: at,
          gatewayRequestId: 'g',
          requestId: 'r',
          clientAddress: '::1',
          operation: createPeering,
        },
        { status: 201, sent: 'yes' },
        at,
      ),
    ),
  ];
  for (const other of others) assert.equal(replay(open, other), undefined, JSON.stringify(other));
});

test('the line for a person has when, who, what, both verdicts and the codes that changed it', () => {
  const replayed = replay(grantTo('{ claim: sub, equals: other }'), recordOf());
  assert.ok(replayed !== undefined);
  assert.equal(
    describeReplayed(replayed),
    '2026-11-01T00:00:00.000Z svc: create 10.20.4.0/22 us-east-1 111122223333: allow → deny (no_grant)',
  );
});
