// `check` with issuers that differ: faults of their file, what the policy does not say about them, and the policy's tests as
// the gateway would run them.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { guardrailsOnly } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { run } from './run-main.ts';

const github = 'https://token.actions.githubusercontent.com';
const issuers = `issuers:
  - { issuer: https://idp.acme.example, audiences: [peergate] }
  - { issuer: "${github}", audiences: [peergate], scopes: none }
`;

async function check(files: Record<string, string>, settings: Record<string, string> = {}) {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return await run(
    ['check'],
    {
      AUTH_ISSUERS_FILE: 'issuers.yaml',
      AEROSPIKE_CLIENT_ID: 'id',
      AEROSPIKE_CLIENT_SECRET: 'secret',
      POLICY_FILE: 'policy.yaml',
      ...settings,
    },
    folder,
  );
}

test('check warns of each caller that names none of several issuers, and of one that can match nobody', async () => {
  const policy = `${guardrailsOnly}grants:
  - { id: a, callers: [{ claim: sub, equals: svc }], actions: [create] }
  - { id: b, callers: [{ claim: iss, equals: "${github}" }], actions: [create] }
`;
  const { status, err } = await check({ 'issuers.yaml': issuers, 'policy.yaml': policy });
  assert.equal(status, 0);
  assert.match(err, /^Warning: policy\.yaml:\d+:\d+: \/grants\/0\/callers\/0 names none of the 2 issuers/m);
  assert.match(err, /^Warning: policy\.yaml:\d+:\d+: \/grants\/1\/callers\/0 matches nobody/m);
});

test('faults of the file of issuers are listed beside those of the policy', async () => {
  const files = {
    'issuers.yaml': 'issuers: [{ issuer: https://a.example }]\n',
    'policy.yaml': 'version: 2\n',
  };
  const { status, err } = await check(files);
  assert.equal(status, 1);
  assert.match(err, /AUTH_ISSUERS_FILE: found issuers\.yaml:1:11: \/issuers\/0 must have one of audiences/);
  assert.match(err, /policy\.yaml:1:10: \/version must be 1/);
});

test('the policy’s tests are decided as the gateway decides: without scopes a grant must name the issuer', async () => {
  const request = '{ action: list, clusterId: 6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11 }';
  const tests = (expect: string) => `tests:
  - { name: a workflow, claims: { iss: "${github}", sub: svc }, request: ${request}, expect: ${expect} }
`;
  const policy = `${guardrailsOnly}grants: [{ id: a, callers: [{ claim: sub, equals: svc }], actions: [list] }]\n`;
  const files = { 'issuers.yaml': issuers, 'policy.yaml': policy };
  const settings = { POLICY_TESTS_FILE: 'tests.yaml' };
  const denied = await check({ ...files, 'tests.yaml': tests('deny') }, settings);
  assert.equal(denied.status, 0, denied.err);
  const allowed = await check({ ...files, 'tests.yaml': tests('allow') }, settings);
  assert.equal(allowed.status, 1);
  assert.match(allowed.err, /"a workflow" expects allow, the policy says deny with no_grant/);
});
