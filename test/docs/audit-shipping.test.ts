// The configurations in deploy/ take every line of the audit log, whole and unchanged, from where they were, and wait for the
// bucket; docs/audit.md says why. Each tool checks its own where it is installed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readText, root } from './documents.ts';

const auditFile = '/var/log/peergate/audit.log';
const missing = (tool: string): string | false =>
  spawnSync(tool, ['--version']).error === undefined ? false : `${tool} is not installed`;

type Options = Readonly<Record<string, unknown>>;

/** What is read of the configurations, by the reference of each tool. */
interface FluentBit {
  readonly service: Options & { readonly 'storage.path': string };
  readonly pipeline: {
    readonly inputs: readonly [TailInput, ...TailInput[]];
    readonly filters: readonly [{ readonly regex: string }, ...{ readonly regex: string }[]];
    readonly outputs: readonly [BucketOutput, ...BucketOutput[]];
  };
}

interface TailInput extends Options {
  readonly path: string;
  readonly exclude_path: string;
  readonly db: string;
  readonly read_from_head: boolean;
  readonly buffer_max_size: string;
  readonly key: string;
  readonly tag: string;
}

interface BucketOutput extends Options {
  readonly log_key: string;
  readonly match: string;
  readonly retry_limit: string;
  readonly store_dir: string;
  readonly store_dir_limit_size: number;
}

interface Vector {
  readonly data_dir: string;
  readonly sources: {
    readonly audit: {
      readonly include: readonly string[];
      readonly exclude: readonly string[];
      readonly read_from: string;
      readonly max_line_bytes: number;
    };
    readonly pods: {
      readonly type: string;
      readonly extra_label_selector: string;
      readonly max_line_bytes: number;
    };
  };
  readonly transforms: { readonly audit: { readonly inputs: readonly string[]; readonly condition: string } };
  readonly sinks: {
    readonly bucket: {
      readonly inputs: readonly string[];
      readonly key_prefix: string;
      readonly encoding: unknown;
      readonly acknowledgements: { readonly enabled: boolean };
      readonly buffer: { readonly when_full: string };
    };
  };
}

interface Collector {
  readonly extensions: { readonly file_storage: { readonly fsync: boolean } };
  readonly receivers: {
    readonly filelog: {
      readonly include: readonly string[];
      readonly exclude: readonly string[];
      readonly start_at: string;
      readonly force_flush_period: number;
      readonly max_log_size: string;
      readonly operators: unknown;
      readonly retry_on_failure: unknown;
      readonly storage: string;
    };
  };
  readonly exporters: {
    readonly awss3: {
      readonly marshaler: string;
      readonly retry_on_failure: unknown;
      readonly sending_queue: { readonly storage: string; readonly block_on_overflow: boolean };
    };
  };
  readonly service: { readonly extensions: readonly string[]; readonly pipelines: unknown };
}

const read = (path: string): unknown => parse(readText(path), { strict: true });
const bound = 16 * 1024 * 1024;

/** Records pass; a log line that quotes one does not. */
function assertTakesRecords(filter: Pick<RegExp, 'test'>): void {
  const record = JSON.stringify({ action: 'Allowed', class_uid: 6003 });
  assert.equal(filter.test(record), true);
  assert.equal(filter.test(JSON.stringify({ level: 30, msg: record })), false);
}

test('Fluent Bit takes every line whole and unchanged, from where it was, and waits for the bucket', () => {
  const { service, pipeline } = read('deploy/fluent-bit/fluent-bit.yaml') as FluentBit;
  const { inputs, outputs, ...rest } = pipeline;
  assert.deepEqual(rest, {});
  const [tail, ...others] = [...inputs, ...outputs.slice(1)];
  assert.deepEqual(others, []);
  assert.equal(tail.path, `${auditFile},${auditFile}-*`);
  assert.equal(tail.exclude_path, '*.gz');
  assert.ok(tail.db.startsWith('/var/lib/') && tail.read_from_head === true && tail['db.sync'] === 'full');
  assert.equal(tail.buffer_max_size, '16M');
  assert.equal(tail['storage.type'], 'filesystem');
  assert.equal(service['storage.sync'], 'full');
  for (const name of ['parser', 'multiline.parser', 'path_key', 'offset_key', 'db.compare_filename'])
    assert.equal(tail[name], undefined);
  assert.equal(outputs[0].log_key, tail.key);
  assert.equal(outputs[0].match, tail.tag);
  assert.equal(outputs[0].retry_limit, 'no_limits');
  assert.equal(outputs[0].store_dir_limit_size, 0);
});

test('Vector takes every line whole and unchanged, from where it was, and waits for the bucket', () => {
  const { sources, sinks, data_dir: positions, ...rest } = read('deploy/vector/vector.yaml') as Vector;
  assert.deepEqual(rest, {});
  assert.ok(positions.startsWith('/var/lib/'));
  assert.deepEqual(sinks.bucket.inputs, Object.keys(sources));
  assert.deepEqual(sources.audit.include, [auditFile, `${auditFile}-*`]);
  assert.deepEqual(sources.audit.exclude, ['/var/log/peergate/*.gz']);
  assert.equal(sources.audit.read_from, 'beginning');
  assert.equal(sources.audit.max_line_bytes, bound);
  assert.deepEqual(sinks.bucket.encoding, { codec: 'text' });
  assert.equal(sinks.bucket.acknowledgements.enabled, true);
  assert.equal(sinks.bucket.buffer.when_full, 'block');
});

test('from standard output, Fluent Bit ships the records of every pod as they are, and no log line', () => {
  const file = read('deploy/fluent-bit/fluent-bit.yaml') as FluentBit;
  const { service, pipeline } = read('deploy/fluent-bit/stdout.yaml') as FluentBit;
  const { inputs, filters, outputs, ...rest } = pipeline;
  assert.deepEqual([rest, inputs.length, filters.length, outputs.length], [{}, 1, 1, 1]);
  const { path, ...tail } = inputs[0];
  assert.equal(path, '/var/log/containers/*_*_peergate-*.log');
  assert.equal(tail['multiline.parser'], 'docker, cri');
  assert.deepEqual(Object.keys(filters[0]), ['name', 'match', 'regex']);
  assertTakesRecords(new RegExp(filters[0].regex.replace(/^log /, '')));
  const [given] = file.pipeline.inputs;
  for (const name of ['read_from_head', 'db.sync', 'buffer_max_size', 'skip_long_lines', 'storage.type'])
    assert.equal(tail[name], given[name], name);
  assert.equal(service['storage.sync'], 'full');
  const own = ['match', 's3_key_format', 'store_dir'];
  const options = (output: BucketOutput) => Object.entries(output).filter(([name]) => !own.includes(name));
  assert.deepEqual(options(outputs[0]), options(file.pipeline.outputs[0]));
  assert.equal(outputs[0].match, tail.tag);
  for (const place of [tail.db, outputs[0].store_dir, service['storage.path']])
    assert.ok(place.startsWith('/var/lib/fluent-bit/peergate-stdout'));
});

test('from standard output, Vector ships the records of every pod as they are, and no log line', () => {
  const file = read('deploy/vector/vector.yaml') as Vector;
  const {
    sources,
    transforms,
    sinks,
    data_dir: positions,
    ...rest
  } = read('deploy/vector/stdout.yaml') as Vector;
  assert.deepEqual([rest, positions], [{}, file.data_dir]);
  assert.equal(sources.pods.type, 'kubernetes_logs');
  assert.equal(sources.pods.extra_label_selector, 'app.kubernetes.io/name=peergate');
  assert.equal(sources.pods.max_line_bytes, bound);
  assert.deepEqual([transforms.audit.inputs, sinks.bucket.inputs], [['pods'], ['audit']]);
  const [, prefix = ''] =
    /^starts_with\(string!\(\.message\), (".*")\)$/.exec(transforms.audit.condition) ?? [];
  const begin: string = JSON.parse(prefix);
  assertTakesRecords({ test: (line) => line.startsWith(begin) });
  const { inputs: _, key_prefix: __, ...sink } = sinks.bucket;
  const { inputs: ___, key_prefix: ____, ...given } = file.sinks.bucket;
  assert.deepEqual(sink, given);
});

test('the OpenTelemetry collector takes every line whole and unchanged, from where it was, and waits', () => {
  const { extensions, receivers, exporters, service, ...rest } = read(
    'deploy/opentelemetry-collector/collector.yaml',
  ) as Collector;
  assert.deepEqual(rest, {});
  const { filelog } = receivers;
  assert.deepEqual(filelog.include, [auditFile, `${auditFile}-*`]);
  assert.deepEqual(filelog.exclude, ['/var/log/peergate/*.gz']);
  assert.equal(filelog.start_at, 'beginning');
  assert.equal(filelog.force_flush_period, 0);
  assert.equal(filelog.max_log_size, `${bound / 1024 / 1024}MiB`);
  assert.equal(filelog.operators, undefined);
  assert.equal(exporters.awss3.marshaler, 'body');
  assert.ok(extensions.file_storage.fsync && service.extensions.includes('file_storage'));
  for (const part of [filelog, exporters.awss3])
    assert.deepEqual(part.retry_on_failure, { enabled: true, max_elapsed_time: 0 });
  for (const storage of [filelog.storage, exporters.awss3.sending_queue.storage])
    assert.equal(storage, 'file_storage');
  assert.equal(exporters.awss3.sending_queue.block_on_overflow, true);
  assert.deepEqual(service.pipelines, {
    'logs/audit': { receivers: Object.keys(receivers), processors: [], exporters: Object.keys(exporters) },
  });
});

const checks: readonly (readonly [string, ...string[]])[] = [
  ['fluent-bit', '--dry-run', '--config', 'deploy/fluent-bit/fluent-bit.yaml'],
  ['fluent-bit', '--dry-run', '--config', 'deploy/fluent-bit/stdout.yaml'],
  ['vector', 'validate', '--no-environment', 'deploy/vector/vector.yaml'],
  ['vector', 'validate', '--no-environment', 'deploy/vector/stdout.yaml'],
  ['otelcol-contrib', 'validate', '--config', 'deploy/opentelemetry-collector/collector.yaml'],
];

// No Debian package has them: a machine that has one of them has one test more, rather than the others one skipped.
const installed = checks.filter(([tool]) => !missing(tool));
for (const [tool, ...args] of installed) {
  test(`${tool} itself accepts ${args.at(-1)}`, () => {
    const bucket = { AUDIT_BUCKET: 'audit-bucket', AUDIT_BUCKET_REGION: 'us-east-1', HOSTNAME: 'gateway-1' };
    const ran = spawnSync(tool, args, { cwd: root, encoding: 'utf8', env: { ...process.env, ...bucket } });
    assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  });
}
