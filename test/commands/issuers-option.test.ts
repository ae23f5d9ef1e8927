// `--issuers` of the commands that decide requests: callers whose issuer has `scopes: none` are decided as the gateway would.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { guardrailsOnly } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { run } from './run-main.ts';

const github = 'https://token.actions.githubusercontent.com';
const claims = { iss: github, sub: 'repo:acme/network:ref:refs/heads/main', account: '111122223333' };
const request = { action: 'list', clusterId: '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11' };
const tests = (expect: string) =>
  JSON.stringify({ tests: [{ name: 'a workflow', claims, request, expect }] });

async function inFolder(issuer = '') {
  const folder = temporaryFolder();
  const files = {
    'policy.yaml': `${guardrailsOnly}grants: [{ id: a, callers: [{ claim: sub, equals: "repo:acme/*" }], actions: [list] }]\n`,
    'issuers.yaml': `issuers: [{ issuer: "${github}", audiences: [peergate], scopes: none }${issuer}]\n`,
    'claims.json': JSON.stringify(claims),
    'request.json': JSON.stringify(request),
    'allow.yaml': tests('allow'),
    'deny.yaml': tests('deny'),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return (...args: string[]) => run(['policy', ...args], {}, folder);
}

test('a grant that does not name the issuer is none for a caller without scopes', async () => {
  const policy = await inFolder();
  const explain = ['explain', 'policy.yaml', '--request', 'request.json', '--claims', 'claims.json'];
  assert.equal((await policy(...explain)).status, 0);
  const explained = await policy(...explain, '--issuers', 'issuers.yaml');
  assert.equal(explained.status, 1);
  assert.match(explained.out, /no_grant/);
  assert.match(explained.out, /scopes +none: only a grant that names the issuer counts/);
  assert.equal((await policy('test', 'policy.yaml', 'allow.yaml')).status, 0);
  assert.equal((await policy('test', 'policy.yaml', 'deny.yaml', '--issuers', 'issuers.yaml')).status, 0);
});

test('a fault in the file of issuers is told, and nothing is decided', async () => {
  const policy = await inFolder(', {}');
  const { status, out, err } = await policy('test', 'policy.yaml', 'deny.yaml', '--issuers', 'issuers.yaml');
  assert.deepEqual([status, out], [1, '']);
  assert.match(err, /issuers\.yaml:1:\d+: \/issuers\/1\/issuer is required/);
});
