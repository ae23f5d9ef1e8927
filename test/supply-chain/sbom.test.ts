// The bill of materials: CycloneDX, every production package with its hash and none for development, the same bytes each
// time.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { idOf, productionPackages } from '../../scripts/production-packages.ts';
import { readText, root } from '../docs/documents.ts';
import { folderWith, runScript, type ScriptOptions } from './run-script.ts';

/** What is read of a bill of materials, by CycloneDX 1.5. */
interface Bom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly version: number;
  readonly serialNumber?: string;
  readonly metadata: { readonly component: Component; readonly timestamp?: string };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: string[] }[];
}

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly 'bom-ref': string;
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly { readonly license?: { readonly id?: string }; readonly expression?: string }[];
}

const locked = productionPackages(join(root, 'package-lock.json'));

async function sbom(options: ScriptOptions = {}): Promise<string> {
  const { status, out, err } = await runScript('sbom.ts', options);
  assert.equal(status, 0, err);
  return out;
}

const made = sbom();

test('the bill of materials has the form of CycloneDX 1.5 and names this application', async () => {
  const bom: Bom = JSON.parse(await made);
  assert.equal(bom.bomFormat, 'CycloneDX');
  assert.equal(bom.specVersion, '1.5');
  assert.equal(bom.version, 1);
  const { name, version, license } = packageJson;
  const { component } = bom.metadata;
  assert.deepEqual([component.type, component.name, component.version], ['application', name, version]);
  assert.deepEqual(component.licenses, [{ license: { id: license } }]);
  for (const { type, name, version, licenses } of bom.components) {
    assert.ok(type === 'library' && name !== '' && version !== '');
    assert.ok(licenses.length > 0 && licenses.every((it) => it.license?.id || it.expression), name);
  }
});

test('it has every production package of the lock file once, with its address and hash, and no other', async () => {
  const bom: Bom = JSON.parse(await made);
  const listed = bom.components.map(({ purl, hashes }) => ({ purl, hashes }));
  const expected = [...locked]
    .sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1))
    .map(({ name, version, integrity = '' }) => ({
      purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
      hashes: [
        { alg: 'SHA-512', content: Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex') },
      ],
    }));
  assert.deepEqual(listed, expected);
});

test('its dependencies are closed: all of them are components, and each is reached from the application', async () => {
  const bom: Bom = JSON.parse(await made);
  const graph = new Map<string, string[]>(bom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const start = bom.metadata.component['bom-ref'];
  const reached = new Set<string>([start]);
  for (const ref of reached) for (const next of graph.get(ref) ?? assert.fail(ref)) reached.add(next);
  const components = bom.components.map((component) => component['bom-ref']);
  assert.deepEqual([...reached].sort(), [start, ...components].sort());
  const direct = graph.get(start)?.map((id) => id.slice(0, id.lastIndexOf('@')));
  assert.deepEqual(direct?.sort(), Object.keys(packageJson.dependencies).sort());
});

test('the same lock file gives the same bytes, in a folder of another name and without what is installed', async () => {
  const folder = await folderWith({
    'package.json': readText('package.json'),
    'package-lock.json': readText('package-lock.json'),
  });
  assert.equal(await sbom({ folder }), await made);
  const bom: Bom = JSON.parse(await made);
  assert.deepEqual([bom.serialNumber, bom.metadata.timestamp], [undefined, undefined]);
});

test('SOURCE_DATE_EPOCH is its time, and a file is what its argument names', async () => {
  const folder = await folderWith({
    'package.json': readText('package.json'),
    'package-lock.json': readText('package-lock.json'),
  });
  const environment = { SOURCE_DATE_EPOCH: '1795305600' };
  assert.equal(await sbom({ folder, environment, args: ['sbom.json'] }), '');
  const bom: Bom = JSON.parse(await readFile(join(folder, 'sbom.json'), 'utf8'));
  assert.equal(bom.metadata.timestamp, '2026-11-22T00:00:00.000Z');
});

test('a package without a hash ends it with 1, and nothing is written', async () => {
  const lock: { readonly packages: { readonly 'node_modules/jose': { integrity?: string } } } = JSON.parse(
    readText('package-lock.json'),
  );
  delete lock.packages['node_modules/jose'].integrity;
  const folder = await folderWith({ 'package.json': readText('package.json'), 'package-lock.json': lock });
  const { status, out, err } = await runScript('sbom.ts', { folder });
  assert.deepEqual([status, out], [1, '']);
  assert.match(err, /without an entry or a hash: jose@/);
});
