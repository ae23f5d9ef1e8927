// The compose file, the manifests and the chart name every setting that there is: as an entry, or in a comment with its default.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { type Setting, settings } from '../../src/config/schema.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { policyArguments, render, withoutHelm } from './helm.ts';
import { environmentOf, gatewayOf, kubernetes, mountedFiles, root, sources } from './manifests.ts';
import { runCheck } from './run-check.ts';

const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');
const known = Object.entries<Setting<unknown>>(settings);

/** What stands for a setting: its name, or that of its file. */
const namesOf = ([name, { secret }]: (typeof known)[number]): string[] =>
  secret ? [name, `${name}_FILE`] : [name];

const everySource = sources.map((path) => readFileSync(join(kubernetes, path), 'utf8')).join('\n');

for (const [what, text, asList] of [
  ['the compose file', read('deploy/compose.yaml'), read('deploy/compose.yaml')],
  ['the manifests', everySource, read('deploy/kubernetes/overlays/example/settings.env')],
  [
    'the chart',
    read('deploy/helm/peergate/templates/workload.yaml') + read('deploy/helm/peergate/values.yaml'),
    read('deploy/helm/peergate/values.yaml'),
  ],
] as const) {
  test(`${what}: every setting is named, and in a comment it has its default`, () => {
    const isNamed = (name: string) => new RegExp(`^[ #-]*(?:name: )?${name}\\b`, 'm').test(text);
    const missing = known.filter((setting) => !namesOf(setting).some(isNamed)).map(([name]) => name);
    assert.deepEqual(missing, []);
    const listed = [...asList.matchAll(/^ *# +([A-Z][A-Z_]+)(?:: |=)(.*)$/gm)];
    assert.ok(listed.length > 30);
    for (const [, name = '', value = ''] of listed) {
      const setting = known.find(([each]) => each === name);
      assert.ok(setting !== undefined, `${name} is no setting`);
      const plain = value.startsWith('"') ? parse(value) : value;
      assert.equal(plain, setting[1].fallback ?? '', name);
    }
  });
}

test('the chart takes a file of issuers from its lists, and the gateway accepts it', {
  skip: withoutHelm,
}, async () => {
  const file = join(temporaryFolder(), 'issuers.yaml');
  await writeFile(
    file,
    'issuers: [{ issuer: https://idp.acme.example, audiences: [https://peergate.acme.example] }]\n',
  );
  const manifests = render(
    '--set=image.repository=registry.example/peergate',
    ...policyArguments,
    `--set-file=policy.lists.issuers\\.yaml=${file}`,
    '--set-string=settings.AUTH_ISSUERS_FILE=/etc/peergate/policy/issuers.yaml',
    '--set-string=settings.HOST=::',
    '--set-string=settings.FLEET_REFRESH_SECONDS=60',
  );
  const gateway = gatewayOf(manifests);
  const ran = runCheck(environmentOf(gateway, manifests), mountedFiles(gateway, manifests));
  assert.equal(ran.status, 0, ran.output);
  assert.match(ran.output, /AUTH_ISSUERS_FILE/);
});
