// Mutation testing by Stryker: `npm run mutate -- net policy/engine`. Changes one place of the source at a time and runs the
// fast tests of its folder; a change that no test notices is listed. Ends with status 1 if tests notice less than 90 % of a
// folder's changes. Remembers results, and tries again only what a change of source or tests may have made different.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { folders } from './folders.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const stryker = join(root, 'mutation/node_modules/@stryker-mutator/core/bin/stryker.js');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    anew: { type: 'boolean', default: false },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    survivors: { type: 'boolean', default: false },
  },
});
const sample = values.sample === undefined ? undefined : { size: Number(values.sample), seed: values.seed };

const unknown = positionals.filter((folder) => !Object.hasOwn(folders, folder));
if (unknown.length > 0 || !existsSync(stryker) || Number.isNaN(sample?.size)) {
  process.stderr.write(`usage: npm ci --prefix mutation && npm run mutate -- [OPTIONS] [FOLDER…]
  --anew      forgets earlier results
  --sample N  tries N changes of each folder, chosen at random; remembers nothing
  --seed N    another choice
  --survivors tries again what survived of the sample with this seed
folders: ${Object.keys(folders).join(', ')}
`);
  process.exit(2);
}

function optionsFor(folder: string, temporary: string) {
  const tests = folders[folder] ?? [];
  const results = `mutation/results/${folder.replaceAll('/', '-')}`;
  return {
    plugins: [
      '@stryker-mutator/tap-runner',
      ...['tap-in-order', 'sample'].map((name) => join(root, `mutation/${name}.mjs`)),
    ],
    testRunner: 'tap-in-order',
    // A test file runs to its end: what its tests have started ends with them.
    tap: {
      testFiles: tests.flatMap((path) => globSync(`test/${path}.test.ts`, { cwd: root }).sort()),
      nodeArgs: ['--test-reporter=tap'],
      forceBail: false,
    },
    mutate: [`src/${folder}/**/*.ts`],
    concurrency: 1,
    ...(sample === undefined
      ? { incremental: true, incrementalFile: `${results}.json`, force: values.anew }
      : sampled(`${results}-${sample.seed}`)),
    reporters: ['clear-text', 'progress-append-only', ...(sample === undefined ? [] : ['json'])],
    clearTextReporter: { allowColor: false, reportTests: false, logTests: false },
    thresholds: { high: 95, low: 90, break: 90 },
    tempDirName: join(temporary, 'sandbox'),
    ignorePatterns: ['/bench', '/deploy', '/mutation'],
    disableTypeChecks: false,
    // Stryker would read it by the interface of an older TypeScript.
    tsconfigFile: 'none',
  };
}

/** `path`: of the report, without its extension. */
function sampled(path: string) {
  const report = values.survivors ? join(root, `${path}.json`) : undefined;
  const fileName = values.survivors ? `${path}-survivors.json` : `${path}.json`;
  return { checkers: ['sample'], sample: { ...sample, report }, jsonReporter: { fileName } };
}

/** The exit status of Stryker. */
function mutate(folder: string): number {
  const temporary = mkdtempSync(join(tmpdir(), 'peergate-mutation-'));
  try {
    const file = join(temporary, 'stryker.json');
    writeFileSync(file, JSON.stringify(optionsFor(folder, temporary)));
    // Tests of a mutant may end without removing what they made.
    const env = { ...process.env, TMPDIR: temporary, NODE_COMPILE_CACHE: join(temporary, 'compiled') };
    const ran = spawnSync(process.execPath, [stryker, 'run', file], { cwd: root, env, stdio: 'inherit' });
    return ran.status ?? 1;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

for (const folder of positionals.length > 0 ? positionals : Object.keys(folders))
  if (mutate(folder) !== 0) process.exitCode = 1;
