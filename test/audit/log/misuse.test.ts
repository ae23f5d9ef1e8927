// The promise of the audit log is kept by types: nothing that skips it compiles. Each misuse is compiled against the real
// sources, and the compiler has to refuse it at its last line, for the reason that the test names.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startAerospikeCloud } from '../../../sandbox/aerospike-cloud.ts';
import { createPeering } from '../../../src/operations/create-peering/create-peering.ts';
import { AuthorizedChange } from '../../../src/request/authorize.ts';
import { Progress } from '../../../src/request/progress.ts';
import { connectTo, newTrail } from '../../reconciliation/reconcile-rig.ts';
import { authorizedCreate, parsedCreate } from '../../support/authorized-create.ts';
import { peeringsPath } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** What every program begins with: the parts as the gateway has them, and an allowed change. */
const prelude = `
import { type AuditTrail, Recorded } from '${root}src/audit/log/trail.ts';
import { type CreateTarget, createPeering } from '${root}src/operations/create-peering/create-peering.ts';
import type { ChangeOperation } from '${root}src/pipeline/operation.ts';
import { AuthorizedChange } from '${root}src/request/authorize.ts';
import { parse } from '${root}src/pipeline/parse.ts';
import type { PipelineServices } from '${root}src/pipeline/services.ts';
import type { Progress } from '${root}src/request/progress.ts';
import type { Authenticated, Authorized, Parsed, Scoped } from '${root}src/request/request.ts';
import type { UpstreamClient } from '${root}src/upstream/client.ts';

declare const services: PipelineServices;
declare const trail: AuditTrail;
declare const upstream: UpstreamClient;
declare const authenticated: Authenticated;
declare const scoped: Scoped;
declare const parsed: Parsed;
declare const request: Authorized;
const serveRead = (allowed: Authorized) => allowed;
declare const change: AuthorizedChange;
declare const progress: Progress;
const path = '/database/clusters/6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11/vpc-peerings';
const requestId = 'order-17';
export const used = [services, parse, authenticated, scoped, parsed, serveRead, progress, trail, upstream, request, change, path, requestId, Recorded, AuthorizedChange, createPeering];
export type Create = ChangeOperation<CreateTarget, AuthorizedChange<CreateTarget>>;
`;

const control = `
export const answer = await upstream.change(await trail.recordIntent(change));
export const nothing: void = trail.requireWritable();
export const list = await upstream.read({ path, requestId });
export const target = await parse(createPeering, scoped);
export const served = serveRead(request);
export const forwarded = await services.forwarder.forward(change, progress);
export const operation: Create = { ...createPeering, eventPrefix: 'peering.create' };
`;

const withoutEvents = `const { eventPrefix, ...rest } = createPeering;
export const kept = eventPrefix;
`;

/** The compiler's code, and the program's end. */
const misuses: Readonly<Record<string, readonly [code: string, program: string]>> = {
  'a request that is parsed before its scope is checked': [
    'TS2741',
    'await parse(createPeering, authenticated);',
  ],
  'a request that the policy has not allowed': ['TS2741', 'serveRead(parsed);'],
  'a change that is a plain request': [
    'TS2739',
    `const post = { method: 'POST', path, requestId } as const;
await upstream.change(post);`,
  ],
  'a change that looks like a recorded one': [
    'TS2739',
    `const alike = { take: () => ({ method: 'POST' as const, path, requestId }) };
await upstream.change(alike);`,
  ],
  'a change that is allowed and not recorded': ['TS2739', 'await upstream.change(change);'],
  'a change that was recorded as another one': [
    'TS2739',
    `const recorded = await trail.recordIntent(change);
const other = { ...recorded, path, method: 'DELETE' as const };
await upstream.change(other);`,
  ],
  'a change for which the log is only writable': [
    'TS2345',
    'await upstream.change(trail.requireWritable());',
  ],
  'an intent of nothing': ['TS2739', 'await trail.recordIntent({});'],
  'an intent of nothing, for a change besides': ['TS2554', 'await trail.recordIntent({}, change);'],
  'an intent whose event is made by the caller': ['TS2554', 'await trail.recordIntent(change, {});'],
  'an intent of a request that the policy has not authorized as a change': [
    'TS2739',
    'await trail.recordIntent(request);',
  ],
  'an intent of a change and a request that are put together': [
    'TS2739',
    `const alike = { request, upstream: { method: 'POST', path, requestId } as const };
await trail.recordIntent(alike);`,
  ],
  'an operation that records an intent itself, and may forget the outcome': [
    'TS2339',
    'await services.trail.recordIntent(change);',
  ],
  'an operation that sends a change itself': ['TS2339', 'await services.upstream.change(change);'],
  'an operation that changes something without events': [
    'TS2375',
    `${withoutEvents}export const operation: Create = rest;`,
  ],
  'an operation that changes something with the events of a read': [
    'TS2322',
    `export const operation: Create = { ...createPeering, eventPrefix: 'peering.list' };`,
  ],
  'a read that sends a POST': ['TS2353', `await upstream.read({ path, requestId, method: 'POST' });`],
  'a read that sends a body': ['TS2353', 'await upstream.read({ path, requestId, body: {} });'],
  'a recorded change made by anyone but the trail': ['TS2673', 'export const forged = new Recorded(change);'],
  'a recorded change of another class': ['TS2675', 'export class Forged extends Recorded {}'],
  'an authorized change without a decision': [
    'TS2673',
    `export const forged = new AuthorizedChange(request, { method: 'POST', path, requestId });`,
  ],
  'an authorized change of another class': ['TS2675', 'export class Forged extends AuthorizedChange {}'],
};

interface Diagnostic {
  readonly code: string;
  readonly line: number;
}

/** What the compiler says about each program, by its name. */
async function compile(programs: Readonly<Record<string, string>>): Promise<Map<string, Diagnostic[]>> {
  const folder = await realpath(temporaryFolder());
  const names = Object.keys(programs);
  await Promise.all(
    Object.values(programs).map((text, index) => writeFile(join(folder, `${index}.mts`), text)),
  );
  const settings = {
    extends: `${root}tsconfig.json`,
    compilerOptions: { typeRoots: [`${root}node_modules/@types`] },
    include: ['*.mts'],
    exclude: [],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  const output = await tsc(folder);
  const found = new Map<string, Diagnostic[]>(names.map((name) => [name, []]));
  for (const line of output.split('\n').filter((text) => /^\S/.test(text))) {
    const [, file = '', at = '', code = ''] =
      /^(?:.*\/)?(\d+)\.mts\((\d+),\d+\): error (TS\d+):/.exec(line) ?? [];
    const diagnostics = found.get(names[Number(file)] ?? '');
    assert.ok(file !== '' && diagnostics !== undefined, `not about a program: ${line}`);
    diagnostics.push({ code, line: Number(at) });
  }
  return found;
}

const tsc = (folder: string): Promise<string> =>
  new Promise((resolve) => {
    const compiler = `${root}node_modules/typescript/bin/tsc`;
    execFile(process.execPath, [compiler, '--pretty', 'false', '-p', folder], (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });

describe('the compiler', () => {
  let found = new Map<string, Diagnostic[]>();
  before(async () => {
    const programs = Object.entries(misuses).map(([name, [, program]]) => [name, prelude + program]);
    found = await compile({ ...Object.fromEntries(programs), control: prelude + control });
  });
  after(() => found.clear());

  test('accepts a change that is authorized, recorded and sent, and a read of a log that is writable', () => {
    assert.deepEqual(found.get('control'), []);
  });

  for (const [name, [code, program]] of Object.entries(misuses)) {
    test(`refuses ${name}`, () => {
      const line = (prelude + program).split('\n').length;
      assert.deepEqual(found.get(name), [{ code, line }]);
    });
  }
});

test('a recorded change is sent once: taking it again is an error, and nothing is sent', async (t) => {
  const cloud = await startAerospikeCloud();
  t.after(() => cloud.close());
  const { upstream } = connectTo(t, cloud, 30_000);
  const { trail, sink } = newTrail();
  const recorded = await trail.recordIntent(authorizedCreate());
  assert.deepEqual(sink.codes, ['peering.create.intent']);
  assert.equal((await upstream.change(recorded)).status, 201);
  assert.throws(() => upstream.change(recorded), /a recorded change can be sent only once/);
  assert.throws(() => recorded.take(), /a recorded change can be sent only once/);
  const changes = cloud.requests.filter(({ path }) => path.startsWith('/v1/'));
  assert.deepEqual(
    changes.map(({ method }) => method),
    ['POST'],
  );
});

test('a read sends a GET without a body, whatever it is handed besides', async (t) => {
  const cloud = await startAerospikeCloud();
  t.after(() => cloud.close());
  const { upstream } = connectTo(t, cloud, 30_000);
  const disguised = { path: peeringsPath, requestId: 'order-17', method: 'POST', body: { vpcId: 'vpc-0' } };
  assert.equal((await upstream.read(disguised)).status, 200);
  const sent = cloud.requests.filter(({ path }) => path.startsWith('/v1/'));
  assert.deepEqual(
    sent.map(({ method, body }) => [method, body]),
    [['GET', '']],
  );
});

test('a change is authorized by the rules of its own operation, which its records name, and by no others', () => {
  const request = parsedCreate();
  const others = { ...createPeering, toUpstream: () => ({ path: '/database/clusters' }) };
  assert.throws(
    () => AuthorizedChange.authorize(others, request, new Progress(request)),
    /a change has the rules of another operation/,
  );
});

test('what forbids a change is asked again before it is repeated with a renewed token', async (t) => {
  const cloud = await startAerospikeCloud();
  t.after(() => cloud.close());
  const { upstream } = connectTo(t, cloud, 30_000);
  const { trail } = newTrail();
  assert.equal((await upstream.change(await trail.recordIntent(authorizedCreate()))).status, 201);
  cloud.revokeTokens();
  let asked = 0;
  const beforeSending = () => {
    asked += 1;
    if (asked === 2) throw new Error('the lease is lost');
  };
  const recorded = await trail.recordIntent(authorizedCreate());
  await assert.rejects(upstream.change(recorded, { beforeSending }), /the lease is lost/);
  assert.equal(
    cloud.requests.filter(({ method, path }) => method === 'POST' && path.startsWith('/v1/')).length,
    2,
  );
});
