// Issuers whose tokens need no scope: anybody may get such a token, so only a grant that names the issuer and more of the
// token authorizes its caller, on every route and in report mode, too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRouteTable } from '../../src/http/route-table.ts';
import { operations } from '../../src/operations/registry.ts';
import { allowed, clusterId, guardrailsOnly, peeringsPath } from '../support/gateway.ts';
import { type Entry, startIssuerFor, startWithIssuers } from './issuers-of-tests.ts';

const withoutScopes = { audiences: ['peergate'], scopes: 'none' };
const peeringId = '0b54e1a8-5f0c-4c3b-9a86-3d8d1a0c7f11';

/** Claims of a token of GitHub's, made for any workflow of any repository that asks for the audience. */
const workflow = (repository: string) => ({
  aud: 'peergate',
  sub: `repo:${repository}:ref:refs/heads/main`,
  repository,
  repository_owner: repository.split('/')[0],
  scope: undefined,
  client_id: undefined,
});

const grants = (condition: string) => `${guardrailsOnly}
contact: "#network-access"
grants:
  - id: network
    callers: [${condition}]
    actions: [create, list, delete]
`;

const routes = [
  ['POST', peeringsPath, allowed],
  ['POST', `${peeringsPath}?dryRun=true`, allowed],
  ['GET', peeringsPath],
  ['GET', `${peeringsPath}/${peeringId}`],
  ['DELETE', `${peeringsPath}/${peeringId}`],
  ['GET', '/database/clusters'],
  ['GET', `/database/clusters/${clusterId}`],
  ['GET', '/peerings'],
  ['GET', '/policy/effective'],
] as const;

test('the routes of these tests are all that there are', () => {
  const table = createRouteTable(operations, '');
  const tried = routes.map(([method, path]) => {
    const match = table.match(method, path);
    return match.kind === 'operation' ? match.operation.id : path;
  });
  assert.deepEqual(new Set(tried), new Set(operations.map(({ id }) => id)));
});

test('a workflow of another repository is refused on every route, whatever audience it asks for', async (t) => {
  const github = await startIssuerFor(t);
  const policy = grants(
    `{ all: [{ claim: iss, equals: "${github.url}" }, { claim: repository, equals: acme/network }] }`,
  );
  const entries: Entry[] = [{ issuer: github, rules: withoutScopes }];
  const { gateway, call, create } = await startWithIssuers(t, entries, { policy });
  const foreign = await github.sign({ ...workflow('evil/network'), scope: 'update:database read:database' });
  for (const [method, path, body] of routes) {
    const { status, json } = await call(foreign, method, path, body);
    assert.equal(status, 403, `${method} ${path}`);
    assert.deepEqual(
      json.context.violations.map(({ code }: { code: string }) => code),
      ['no_grant'],
    );
    assert.equal(json.context.contact, '#network-access');
  }
  assert.deepEqual(gateway.apiRequests(), []);
  const [refused] = gateway.records;
  assert.equal(refused?.metadata.event_code, 'peering.create.refused');
  assert.equal(refused?.unmapped.withoutScopes, true);
  assert.equal(refused?.unmapped.decision.violations[0]?.code, 'no_grant');
  assert.equal(refused?.api.request.data.vpcId, allowed.vpcId);
  const own = await github.sign(workflow('acme/network'));
  assert.equal((await create(own)).status, 201);
  assert.equal((await call(own, 'GET', peeringsPath)).status, 200);
  assert.equal((await call(own, 'GET', '/policy/effective')).status, 200);
});

for (const [what, more] of [
  ['a policy without grants', ''],
  ['a policy without grants that only reports', 'mode: report\n'],
  [
    'a grant that does not name the issuer',
    'grants: [{ id: g, callers: [{ claim: repository, equals: acme/network }], actions: [create, list, delete] }]\n',
  ],
  [
    'a grant that does not name the issuer, in report mode',
    'mode: report\ngrants: [{ id: g, callers: [{ claim: sub, equals: "repo:*" }], actions: [create, list, delete] }]\n',
  ],
] as const) {
  test(`${what} authorizes no caller without scopes, on no route`, async (t) => {
    const github = await startIssuerFor(t);
    const { gateway, call } = await startWithIssuers(t, [{ issuer: github, rules: withoutScopes }], {
      policy: `${guardrailsOnly}${more}`,
    });
    const token = await github.sign(workflow('acme/network'));
    for (const [method, path, body] of routes)
      assert.equal((await call(token, method, path, body)).status, 403, `${method} ${path}`);
    assert.deepEqual(gateway.apiRequests(), []);
  });
}

test('a grant that names the issuer alone, or with its audience, matches nobody', async (t) => {
  const github = await startIssuerFor(t);
  for (const condition of [
    `{ claim: iss, equals: "${github.url}" }`,
    `{ all: [{ claim: iss, equals: "${github.url}" }, { claim: aud, equals: peergate }] }`,
  ]) {
    const { create } = await startWithIssuers(t, [{ issuer: github, rules: withoutScopes }], {
      policy: grants(condition),
    });
    assert.equal((await create(await github.sign(workflow('acme/network')))).status, 403);
  }
});

test('a second issuer cannot speak for the first: the same sub and the same account claim grant nothing', async (t) => {
  const aws = await startIssuerFor(t, { path: '/aws' });
  const other = await startIssuerFor(t, { path: '/other' });
  const policy = `${guardrailsOnly}
grants:
  - id: own-account
    callers:
      - all:
          - { claim: iss, equals: "${aws.url}" }
          - { claim: "/https:~1~1sts.amazonaws.com~1/org_id", equals: o-example }
    actions: [create, list, delete]
    accounts: { fromClaim: "/https:~1~1sts.amazonaws.com~1/aws_account" }
`;
  const { gateway, create, call } = await startWithIssuers(
    t,
    [
      { issuer: aws, rules: withoutScopes },
      { issuer: other, rules: withoutScopes },
    ],
    { policy },
  );
  const claims = (account: string) => ({
    aud: 'peergate',
    scope: undefined,
    sub: `arn:aws:iam::${account}:role/payments`,
    'https://sts.amazonaws.com/': { aws_account: account, org_id: 'o-example' },
  });
  const forged = await create(await other.sign(claims(allowed.accountId)));
  assert.equal(forged.status, 403);
  assert.equal(forged.json.context.violations[0]?.code, 'no_grant');
  const neighbour = await create(await aws.sign(claims('444455556666')));
  assert.deepEqual(
    neighbour.json.context.violations.map(({ rule, code }) => `${rule} ${code}`),
    ['own-account account_not_allowed'],
  );
  assert.deepEqual(neighbour.json.context.violations[0]?.allowed, ['444455556666']);
  assert.deepEqual(gateway.apiRequests(), []);

  const own = await aws.sign(claims(allowed.accountId));
  assert.equal((await create(own)).status, 201);
  const decision = gateway.records.at(-1)?.unmapped.decision;
  assert.equal(decision?.grant, 'own-account');
  assert.equal(decision?.accountsFromClaim, '/https:~1~1sts.amazonaws.com~1/aws_account');
  const effective = (await call(own, 'GET', '/policy/effective')).json;
  assert.deepEqual(effective.grants[0]?.accounts, [allowed.accountId]);
  const listed = gateway.cloud.peerings(clusterId)[0]?.id;
  assert.ok(listed !== undefined);
  const foreignDelete = await call(
    await aws.sign(claims('444455556666')),
    'DELETE',
    `${peeringsPath}/${listed}`,
  );
  assert.equal(foreignDelete.status, 403);
});

test('scopes in a token of an issuer without scopes grant nothing, and those of other issuers are needed as ever', async (t) => {
  const github = await startIssuerFor(t, { path: '/github' });
  const company = await startIssuerFor(t, { path: '/company' });
  const { create } = await startWithIssuers(
    t,
    [
      { issuer: github, rules: withoutScopes },
      { issuer: company, rules: { audiences: ['api://peergate'] } },
    ],
    { policy: guardrailsOnly },
  );
  assert.equal((await create(await github.sign(workflow('acme/network')))).status, 403);
  assert.equal((await create(await company.sign({ aud: 'api://peergate' }))).status, 201);
  const unscoped = await create(await company.sign({ aud: 'api://peergate', scope: 'read:database' }));
  assert.match(String(unscoped.headers['www-authenticate']), /insufficient_scope/);
  assert.equal((await create(await company.sign({ aud: 'peergate' }))).status, 401);
});
