// What the measurements install stays out of the gateway, comes with its checksum, and gives nobody another HTTP
// client than the gateway's.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const bench = read('bench/package.json');
const root = read('package.json');

test('every package of the measurements has its checksum and names no host to get it from', () => {
  const packages = Object.entries<{ integrity?: string; resolved?: string }>(
    read('bench/package-lock.json').packages,
  );
  assert.ok(packages.length > 10);
  for (const [path, { integrity, resolved }] of packages) {
    if (path === '') continue;
    assert.match(integrity ?? '', /^sha512-/, path);
    assert.equal(resolved, undefined, path);
  }
});

test('the gateway depends on nothing that only the measurements need', () => {
  const shared = Object.keys({ ...root.dependencies, ...root.devDependencies }).filter(
    (name) => name in bench.dependencies,
  );
  assert.deepEqual(shared, ['undici']);
});

test('the candidates send by the same version of undici as the gateway', () => {
  assert.equal(bench.dependencies.undici, root.dependencies.undici);
  const locked = (path: string) => read(path).packages['node_modules/undici'].version;
  assert.equal(locked('bench/package-lock.json'), locked('package-lock.json'));
});
