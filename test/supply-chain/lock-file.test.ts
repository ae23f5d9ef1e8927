// What `npm ci` installs is decided by hashes and by people: nothing comes without a hash, runs a script, or grows in
// number unless somebody said so.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import packageLock from '../../package-lock.json' with { type: 'json' };
import { productionPackages } from '../../scripts/production-packages.ts';
import { readText, root } from '../docs/documents.ts';

interface LockEntry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

const locked = Object.entries(packageLock.packages as Record<string, LockEntry>).filter(
  ([path]) => path !== '',
);
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

test('the lock file names no host and no folder to install from', () => {
  assert.ok(locked.length > 0);
  for (const [path, { resolved, link }] of locked)
    assert.deepEqual([resolved, link], [undefined, undefined], path);
});

test('every package in the lock file has a SHA-512', () => {
  for (const [path, { integrity }] of locked)
    assert.match(integrity ?? '', /^sha512-[A-Za-z0-9+/]{86}==$/, path);
});

test('every dependency is asked for by version, and none by an address', () => {
  const { dependencies, devDependencies } = packageJson;
  for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies })) {
    assert.match(range, /^[~^]?\d+\.\d+\.\d+(?:-[\w.]+)?$/, name);
  }
});

test('every install script is decided about: Node itself for development may run its own, and no other', () => {
  const scripted = locked
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => nameOf(path));
  assert.deepEqual(scripted.sort(), Object.keys(packageJson.allowScripts).sort());
  const permitted = Object.entries(packageJson.allowScripts).filter(([, runs]) => runs);
  assert.deepEqual(permitted, [['node', true]]);
  assert.equal(locked.find(([path]) => path === 'node_modules/node')?.[1].dev, true);
});

test('there are no more production packages than the decision about them says', () => {
  const [, most] = /\*\*at most (\d+)\*\*/.exec(readText('docs/adr/0024-supply-chain.md')) ?? [];
  const count = productionPackages(join(root, 'package-lock.json')).length;
  assert.ok(count <= Number(most), `${count} packages, ${most} decided about`);
});
