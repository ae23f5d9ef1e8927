// Licences of what runs in production: all of them listed, and one that nobody decided about is refused.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { productionPackages } from '../../scripts/production-packages.ts';
import { root } from '../docs/documents.ts';
import { folderWith, runScript } from './run-script.ts';

test('every production package is listed with its licence, and all of them are allowed', async () => {
  const { status, out, err } = await runScript('licences.ts');
  assert.deepEqual([status, err], [0, '']);
  const listed = out
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  const expected = productionPackages(join(root, 'package-lock.json'));
  assert.deepEqual(
    listed,
    expected.map(({ name, version, licence }) => [name, version, licence]),
  );
});

/** A repository whose one package says this in the lock file and as installed. */
async function judged(locked: object, installed: object) {
  const folder = await folderWith({
    'package-lock.json': {
      packages: {
        '': { name: 'x' },
        'node_modules/dep': { version: '1.0.0', ...locked },
        'node_modules/tool': { version: '1.0.0', license: 'GPL-3.0-only', dev: true },
      },
    },
    'node_modules/dep/package.json': { name: 'dep', version: '1.0.0', ...installed },
  });
  return await runScript('licences.ts', { folder });
}

test('a package for development may have any licence', async () => {
  const { status, out } = await judged({ license: 'MIT' }, { license: 'MIT' });
  assert.deepEqual([status, out], [0, 'dep  1.0.0  MIT\n']);
});

for (const [what, locked, installed, reason] of [
  ['another licence', { license: 'GPL-3.0-only' }, { license: 'GPL-3.0-only' }, /not allowed/],
  [
    'a choice of licences',
    { license: 'MIT OR GPL-3.0-only' },
    { license: 'MIT OR GPL-3.0-only' },
    /not allowed/,
  ],
  ['no licence', {}, {}, /says undefined, the package undefined|not allowed/],
  [
    'a licence that the lock file does not know',
    { license: 'MIT' },
    { license: 'GPL-3.0-only' },
    /the package GPL/,
  ],
  [
    'another version than is locked',
    { license: 'MIT' },
    { license: 'MIT', version: '2.0.0' },
    /not installed/,
  ],
] as const) {
  test(`a production package with ${what} ends it with 1`, async () => {
    const { status, err } = await judged(locked, installed);
    assert.equal(status, 1);
    assert.match(err, /^dep 1\.0\.0: /);
    assert.match(err, reason);
  });
}
