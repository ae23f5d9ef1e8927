// An `AUDIT_FILE` that is something else is a fault of `check` and of the start, which leave it as it is.
import assert from 'node:assert/strict';
import { linkSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { auditFileFaults } from '../../src/commands/audit-file-faults.ts';
import { guardrailsOnly } from '../support/gateway.ts';
import { environment, run } from './run-main.ts';

const expected = 'expected a file of its own';
const also = (file: string, whose: string) =>
  `AUDIT_FILE: found ${JSON.stringify(file)}, which is also that of ${whose}; ${expected}`;

test('a file that settings, issuers or the policy name is no audit file, whichever name it has, and stays as it is', async () => {
  const {
    AUTH_ISSUERS: _,
    AUTH_AUDIENCE: __,
    AEROSPIKE_CLIENT_SECRET: ___,
    ...good
  } = await environment(guardrailsOnly.replace('[10.0.0.0/8, 172.16.0.0/12]', '{ file: blocks.txt }'));
  const folder = dirname(good.POLICY_FILE);
  const at = (name: string) => join(folder, name);
  const settings = {
    ...good,
    AEROSPIKE_CLIENT_SECRET_FILE: at('secret'),
    AUTH_ISSUERS_FILE: at('issuers.yaml'),
  };
  writeFileSync(at('secret'), 'hidden');
  writeFileSync(at('blocks.txt'), '10.0.0.0/8\n');
  writeFileSync(at('keys.json'), '{"keys":[]}');
  writeFileSync(
    at('issuers.yaml'),
    'issuers: [{ issuer: "https://idp.example", audiences: [x], jwksFile: keys.json }]',
  );
  linkSync(at('secret'), at('hard-link'));
  symlinkSync(at('keys.json'), at('link'));
  const content = () => readdirSync(folder).map((name) => [name, readFileSync(at(name), 'utf8')]);
  const before = content();
  for (const [name, whose] of [
    ['policy.yaml', 'POLICY_FILE'],
    ['blocks.txt', 'POLICY_FILE (the policy)'],
    ['issuers.yaml', 'AUTH_ISSUERS_FILE'],
    ['secret', 'AEROSPIKE_CLIENT_SECRET_FILE'],
    ['hard-link', 'AEROSPIKE_CLIENT_SECRET_FILE'],
    ['link', 'AUTH_ISSUERS_FILE (the issuer https://idp.example)'],
  ] as const) {
    const ran = await Promise.all(
      ['check', 'serve'].map((command) => run([command], { ...settings, AUDIT_FILE: at(name) })),
    );
    for (const { status, out, err } of ran) {
      assert.deepEqual([status, out], [1, '']);
      assert.ok(err.endsWith(`1 fault:\n  ${also(at(name), whose)}\n`), err);
    }
  }
  assert.deepEqual(content(), before);
});

test('a place that another setting names, too, is a fault before anything is there', () => {
  const other = { path: '/nothing/here', variable: 'TLS_CERT_FILE' };
  const file = '/nothing/at/../here';
  assert.deepEqual(auditFileFaults(file, [other]), [also(file, 'TLS_CERT_FILE')]);
  assert.deepEqual(auditFileFaults('/nothing/elsewhere', [other]), []);
});
