// What mutation testing installs stays out of the gateway and comes with its checksum; and the tests that it runs exist.
import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folders } from '../../mutation/folders.ts';
import mutation from '../../mutation/package.json' with { type: 'json' };
import mutationLock from '../../mutation/package-lock.json' with { type: 'json' };
import gateway from '../../package.json' with { type: 'json' };
import { root } from '../docs/documents.ts';

interface LockEntry {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}

test('every package of mutation testing has its checksum, names no host and runs no script', () => {
  const packages = Object.entries(mutationLock.packages as Record<string, LockEntry>).filter(
    ([path]) => path !== '',
  );
  assert.ok(packages.length > 10);
  for (const [path, { integrity, resolved, hasInstallScript }] of packages) {
    assert.match(integrity ?? '', /^sha512-[A-Za-z0-9+/]{86}==$/, path);
    assert.deepEqual([resolved, hasInstallScript], [undefined, undefined], path);
  }
});

test('the gateway depends on nothing that mutation testing needs', () => {
  const all = { ...gateway.dependencies, ...gateway.devDependencies };
  assert.deepEqual(
    Object.keys(mutation.dependencies).filter((name) => name in all),
    [],
  );
});

test('each folder that is mutated is there, and so are its tests', () => {
  for (const [folder, tests] of Object.entries(folders)) {
    assert.ok(existsSync(join(root, 'src', folder)), folder);
    for (const path of tests) assert.ok(globSync(`test/${path}.test.ts`, { cwd: root }).length > 0, path);
  }
});
