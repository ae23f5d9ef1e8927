// Files of an issuer's keys: `check` and the start report one that holds none, whichever setting leads to it, with all other faults.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { environment, run } from './run-main.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
mkdirSync(at('folder'));
writeFileSync(at('text.json'), '{"keys":[{"d":"a-private-part"');
writeFileSync(at('other.json'), '{"kty":"EC","d":"a-private-part"}');
writeFileSync(at('empty.json'), '{"keys":[]}');

const wrong = {
  'missing.json': 'no readable file',
  folder: 'no readable file',
  'text.json': 'a file that is no JSON',
  'other.json': 'JSON that is no JWK Set',
};

test('AUTH_JWKS_FILE: what holds no keys is a fault beside others, and none of its text is shown', async () => {
  const good = await environment();
  for (const [name, found] of Object.entries(wrong))
    for (const command of ['check', 'serve']) {
      const settings = { ...good, AUTH_JWKS_FILE: at(name), AUTH_AUDIENCE: '', PORT: 'x' };
      const { status, out, err } = await run([command], settings);
      assert.deepEqual([status, out], [1, '']);
      assert.match(err, /3 faults:\n/);
      const line = `  AUTH_JWKS_FILE: found ${found} at ${JSON.stringify(at(name))}; expected a JWK Set\n`;
      assert.ok(err.includes(line), err);
      assert.doesNotMatch(err, /private-part/);
    }
});

test('jwksFile: each file of AUTH_ISSUERS_FILE that holds no keys is a fault that names the issuer', async () => {
  const { AUTH_ISSUERS: _, AUTH_AUDIENCE: __, ...good } = await environment();
  const issuers = ['empty.json', ...Object.keys(wrong)].map(
    (name) => `  - { issuer: "https://${name}.example", audiences: [x], jwksFile: ${name} }\n`,
  );
  writeFileSync(at('issuers.yaml'), `issuers:\n${issuers.join('')}`);
  const { status, err } = await run(['check'], { ...good, AUTH_ISSUERS_FILE: at('issuers.yaml') });
  const faults = Object.entries(wrong).map(
    ([name, found]) =>
      `  AUTH_ISSUERS_FILE: found ${found} at ${JSON.stringify(at(name))}, which the issuer https://${name}.example names; expected a JWK Set\n`,
  );
  assert.deepEqual([status, err], [1, `4 faults:\n${faults.join('')}`]);
});

test('a set without a key is no fault of a setting: it is read again until it has one', async () => {
  const { status, err } = await run(['check'], {
    ...(await environment()),
    AUTH_JWKS_FILE: at('empty.json'),
  });
  assert.deepEqual([status, err], [0, '']);
});
