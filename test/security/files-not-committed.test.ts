// What the documents tell a reader to make inside the clone and nobody else may see, git does not take: .gitignore names it all.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { documents, fencedBlocks, readText, root } from '../docs/documents.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const skip = spawnSync('git', ['--version']).error !== undefined && 'git is not installed';

/** The ways in which a command or a setting of the documents names a file that the reader makes. */
const made = [
  /(?<![-=0-9<])> ?([\w./-]+)(?:\)?$)/gm,
  /-(?:keyout|out) (\S+)/g,
  /_FILE=(\S+)/g,
  /--env-file[ =](\S+)/g,
  /--from-file=(?:[\w.]+=)?(\S+)/g,
  /--(?:cert|key)[ =](\S+)/g,
  /write\("([^"]+)"/g,
];
/** Files that hold nothing secret, and are kept in a repository: the policy, and the settings of an overlay. */
const open = ['policy.yaml', 'tests.yaml', 'settings.env'];

function madeByReaders(): string[] {
  const blocks = documents
    .filter((path) => path !== 'CHANGELOG.md')
    .flatMap((path) =>
      ['sh', 'console', 'yaml'].flatMap((language) => fencedBlocks(readText(path), language)),
    );
  const named = blocks.flatMap((text) =>
    made.flatMap((way) => [...text.matchAll(way)].map(([, path = '']) => path)),
  );
  const relative = named.filter((path) => /^[a-z.]/i.test(path) && !open.includes(basename(path)));
  const mounted = [...readText('deploy/compose.yaml').matchAll(/file: \.\/(\S+)/g)];
  const ofCompose = mounted.map(([, path = '']) => `deploy/${path.replace('}', '')}`);
  const modes = /^chmod 0444 (.+)$/m.exec(readText('docs/deploy.md'))?.[1]?.split(' ') ?? [];
  return [...new Set([...relative, ...ofCompose, ...modes])].sort();
}

/** A repository with nothing in it but the clone's ignore files: neither the machine's own nor what is tracked counts. */
async function repository(): Promise<(paths: readonly string[]) => string[]> {
  const folder = temporaryFolder();
  execFileSync('git', ['init', '--quiet', folder]);
  for (const path of ['.gitignore', 'bench/.gitignore', 'deploy/compose/.gitignore'])
    await cp(join(root, path), join(folder, path));
  return (paths) => {
    const args = ['-C', folder, '-c', 'core.excludesFile=/dev/null', 'check-ignore', '--stdin'];
    const ran = spawnSync('git', args, { input: paths.join('\n'), encoding: 'utf8' });
    assert.equal(ran.stderr, '');
    return paths.filter((path) => !ran.stdout.split('\n').includes(path));
  };
}

test('every secret that the documents tell a reader to make inside the clone is ignored by git', {
  skip,
}, async () => {
  const notIgnored = await repository();
  const paths = madeByReaders();
  // What a reader of the documents finds without these expressions: they have lost nothing.
  const least = `secrets/client-id secrets/client-secret client-id client-secret peergate.env
    audit-signing.jwk tls.crt tls.key redis-ca.key redis.key redis.csr redis-url users.acl all.jsonl whole.jsonl
    deploy/compose/secrets/tls.key`.split(/\s+/);
  assert.deepEqual(
    least.filter((path) => !paths.includes(path)),
    [],
  );
  assert.deepEqual(notIgnored(paths), []);
});

test('wherever in the clone a reader stands, keys, settings with secrets and audit logs are ignored', {
  skip,
}, async () => {
  const notIgnored = await repository();
  const names =
    `.env .env.local acme.env client-id client-secret redis-url users.acl secrets/any tls.key tls.crt tls.pem
    audit-signing.jwk audit.log audit.log-20261121.gz audit.log.torn-1`.split(/\s+/);
  const folders = ['', 'deploy/', 'deploy/compose/', 'deploy/kubernetes/overlays/acme/', 'docs/', 'src/'];
  assert.deepEqual(notIgnored(folders.flatMap((folder) => names.map((name) => folder + name))), []);
  assert.deepEqual(
    notIgnored(['deploy/compose/audit/gateway-1/audit.log', 'deploy/compose/policy/p.yaml']),
    [],
  );
});

test('an overlay and its settings, which hold no secret, can be committed', { skip }, async () => {
  const notIgnored = await repository();
  const overlay = ['kustomization.yaml', 'settings.env', 'policy.yaml'].map(
    (name) => `deploy/kubernetes/overlays/acme/${name}`,
  );
  assert.deepEqual(notIgnored(overlay), overlay);
});

test('no file of the repository is one that its own rules ignore', { skip }, (t) => {
  const ran = spawnSync('git', ['-C', root, 'ls-files', '-ci', '--exclude-standard'], { encoding: 'utf8' });
  if (ran.status !== 0) return t.skip('not a clone');
  assert.equal(ran.stdout, '');
});
