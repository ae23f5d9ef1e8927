// What can be known of the image without an engine: how it is made, and that what is copied into it is enough to run.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { imageOptions } from '../../bench/memory.ts';
import { nodeOptions } from '../../bench/stand/candidate.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { environment, root } from '../commands/run-main.ts';
import { readText } from '../docs/documents.ts';
import { endWithTest } from '../support/child-process.ts';
import { send } from '../support/gateway.ts';
import {
  assemble,
  copiesOf,
  finalStage,
  globalArguments,
  only,
  productionPackages,
  stages,
} from './dockerfile.ts';

/** How a Dockerfile takes the value of an argument. */
const argument = (name: string) => `\${${name}}`;

const jsonWords = (text: string | undefined): unknown => JSON.parse(text ?? 'null');

test('the image is made of one base with the Node of the npm scripts, and no tag is latest or missing', () => {
  const base = globalArguments.get('BASE') ?? '';
  const nodeMajor = /^\^?(\d+)/.exec(packageJson.devDependencies.node)?.[1];
  assert.match(base, new RegExp(`^node:${nodeMajor}[\\d.]*-bookworm-slim(@sha256:[0-9a-f]{64})?$`));
  const bases = stages.map((stage) => stage.base.split(' ')[0]);
  assert.deepEqual(bases, [argument('BASE'), argument('BASE'), argument('BASE'), 'scratch']);
});

test('the final stage has no shell form: what runs is Node, as process 1', () => {
  const options = ['--heap-growing-percent=50', '--no-allocation-site-pretenuring'];
  assert.deepEqual(jsonWords(only('ENTRYPOINT')), ['node', ...options, 'src/main.ts']);
  assert.deepEqual(jsonWords(only('CMD')), ['serve']);
  for (const { text } of finalStage.instructions.filter(({ name }) => name === 'RUN')) jsonWords(text);
});

test('the health check is the command of that name, without a shell and with a time limit', () => {
  const [, options = '', command] = /^((?:--\S+ )+)CMD (\[.*\])$/.exec(only('HEALTHCHECK') ?? '') ?? [];
  assert.deepEqual(jsonWords(command), ['node', 'src/main.ts', 'health']);
  assert.match(options, /--timeout=\d+s /);
});

test('the compile cache is made with the very options of V8 that gateway and health check start with', () => {
  const [, application] = stages;
  const made = application?.instructions.filter(({ name, text }) => name === 'RUN' && text.startsWith('['));
  const options = (text: string | undefined) => {
    const words = jsonWords(text) as string[];
    return words.slice(1, words.indexOf('src/main.ts')).join(' ');
  };
  const health = only('HEALTHCHECK')?.replace(/^.* CMD /, '');
  const started = [options(only('ENTRYPOINT')), options(health)];
  assert.deepEqual(
    made?.map(({ text }) => options(text)),
    started,
  );
  // What the benchmark measures memory with.
  const environment = /NODE_OPTIONS=(\S+)/.exec(
    finalStage.instructions.map(({ text }) => text).join('\n'),
  )?.[1];
  assert.deepEqual([environment, ...(started[0] ?? '').split(' ')], [...imageOptions, ...nodeOptions]);
  assert.equal(packageJson.scripts.start, `exec node ${nodeOptions.join(' ')} src/main.ts serve`);
});

test('the user is a number and not root, and what it runs is copied before it comes', () => {
  assert.match(only('USER') ?? '', /^[1-9]\d*:[1-9]\d*$/);
  const names = finalStage.instructions.map(({ name }) => name);
  assert.ok(names.indexOf('USER') > names.lastIndexOf('COPY'));
  assert.ok(!finalStage.instructions.some(({ text }) => text.includes('--chown')));
});

test('nothing is added from an address or an archive, and no secret is an argument or a variable', () => {
  for (const { name, text } of stages.flatMap((stage) => stage.instructions)) {
    assert.notEqual(name, 'ADD');
    if (name === 'ARG' || name === 'ENV') assert.doesNotMatch(text, /secret|token|password|key|auth/i);
  }
});

test('packages are those of the lock file, without those for development and without their scripts', () => {
  const [install] = stages[0]?.instructions.filter(({ name }) => name === 'RUN') ?? [];
  assert.match(install?.text ?? '', /^npm ci (?=.*--omit=dev)(?=.*--ignore-scripts)/);
});

test('every label says what package.json says, and those of the builder have no value of ours', () => {
  const labels = Object.fromEntries(
    [...(only('LABEL') ?? '').matchAll(/org\.opencontainers\.image\.(\w+)="([^"]*)"/g)].map(
      ([, name, value]) => [name, value],
    ),
  );
  const { name: title, description, license: licenses, version } = packageJson;
  const ours = {
    title,
    description,
    licenses,
    version,
    source: argument('SOURCE'),
    revision: argument('REVISION'),
  };
  assert.deepEqual(labels, ours);
  const defaults = finalStage.instructions.filter(({ name }) => name === 'ARG').map(({ text }) => text);
  assert.deepEqual(defaults, ['SOURCE=""', 'REVISION=""']);
});

test('only what is copied goes to the builder, and all of it exists', () => {
  const copied = new Set(stages.flatMap(copiesOf).flatMap(({ from }) => from));
  for (const path of copied) assert.ok(existsSync(join(root, path)), path);
  const [first, ...rest] = readText('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(first, '*');
  assert.deepEqual(rest.sort(), [...copied].map((path) => `!${path}`).sort());
});

test('what is copied is enough: commands, listeners and pages work on it', {
  timeout: 120_000,
}, async (t) => {
  const folder = await assemble();
  assert.ok(!existsSync(join(folder, 'node_modules/typescript')));
  assert.ok(productionPackages.length > 0);
  // With traces, whose packages are read only then.
  const env = { ...(await environment()), OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
  const check = spawnSync(process.execPath, ['src/main.ts', 'check'], { cwd: folder, env, encoding: 'utf8' });
  assert.deepEqual([check.status, check.stderr], [0, '']);
  const child = endWithTest(
    t,
    spawn(process.execPath, ['src/main.ts', 'serve'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const port = await new Promise<number>((resolve, reject) => {
    child.once('exit', (status) => reject(new Error(`it ended with ${status}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const entry = JSON.parse(line);
      if (entry.msg === 'listening') resolve(entry.port);
    });
  });
  const paths = ['/openapi.json', '/docs', '/docs/policy'];
  for (const page of ['/docs', '/docs/policy']) {
    const { text } = await send(`http://127.0.0.1:${port}`, { path: page });
    const parts = [...text.matchAll(/(?:src|href)="([^":#]+)"/g)];
    assert.ok(parts.length > 0, `${page} has parts`);
    paths.push(...parts.map(([, link = '']) => new URL(link, `http://gateway${page}`).pathname));
  }
  for (const path of new Set(paths)) {
    assert.equal((await send(`http://127.0.0.1:${port}`, { path })).status, 200, path);
  }
});
