// A log can be verified from any copy that preserves its records as JSON: the copies that auditors have.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import type { AuditRecord } from '../../support/audit-record.ts';
import { startTestGateway } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { shortFindings, verify } from './chained-log.ts';
import { makeKeys } from './signed-log.ts';

const keys = await makeKeys();

/** The log of a gateway that allowed, refused and read, signed; with characters that serializers treat differently. */
async function gatewayLog(t: TestContext): Promise<string> {
  const folder = temporaryFolder();
  const [file, keyFile] = [join(folder, 'audit.log'), join(folder, 'key.jwk')];
  await writeFile(keyFile, JSON.stringify(keys.privateJwk));
  const environment = { AUDIT_FILE: file, AUDIT_SIGNING_KEY_FILE: keyFile };
  const gateway = await startTestGateway(t, { environment });
  for (const sub of ['svc-payments', 'svc/"é\u2028\u007f☃🎉\\']) {
    const authorization = `Bearer ${await gateway.issuer.sign({ sub })}`;
    await gateway.create(undefined, { authorization });
    await gateway.create({ nothing: 'allowed' }, { authorization });
    await gateway.call({ headers: { authorization } });
  }
  await gateway.stop();
  return await readFile(file, 'utf8');
}

const recordsIn = (log: string): AuditRecord[] =>
  log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditRecord);

/** Other member order, and members without a value, as a system with a fixed mapping adds them. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value)
    .reverse()
    .map(([name, member]) => [name, reordered(member)]);
  return Object.fromEntries([['@timestamp', null], ...members, ['tags', null]]);
}

/** The log once more, as text of another system. */
type Copy = (log: string, folder: string) => Promise<string> | string;

const copies: Readonly<Record<string, Copy>> = {
  'jq -S': (log) => execFileSync('jq', ['-S', '.'], { input: log, encoding: 'utf8' }),
  'jq -c --slurp': (log) => execFileSync('jq', ['-c', '--slurp', '.'], { input: log, encoding: 'utf8' }),
  'DuckDB, as JSON': async (log, folder) => {
    await writeFile(join(folder, 'in.log'), log);
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const from = `read_ndjson_objects('${join(folder, 'in.log')}')`;
    const to = `'${join(folder, 'out.json')}' (FORMAT csv, HEADER false, QUOTE '', DELIMITER '\x01')`;
    await connection.run(`COPY (SELECT json FROM ${from} ORDER BY random()) TO ${to}`);
    connection.closeSync();
    return await readFile(join(folder, 'out.json'), 'utf8');
  },
  'an Elasticsearch export': (log) =>
    JSON.stringify(
      recordsIn(log)
        .reverse()
        .map((record, id) => ({ _index: 'audit', _id: String(id), _source: reordered(record) })),
      null,
      2,
    ),
  'an Elasticsearch answer': (log) =>
    JSON.stringify({ took: 3, hits: { total: 1, hits: recordsIn(log).map((_source) => ({ _source })) } }),
  'a Splunk export': (log) =>
    recordsIn(log)
      .map((record, offset) =>
        JSON.stringify({ preview: false, offset, result: { _raw: JSON.stringify(reordered(record)) } }),
      )
      .join('\n'),
  'the log of a container': (log) =>
    recordsIn(log)
      .map((record) => JSON.stringify({ log: `${JSON.stringify(record)}\n`, stream: 'stdout', time: 'x' }))
      .join('\n'),
};

for (const [name, copy] of Object.entries(copies)) {
  test(`a log is whole and signed in a copy: ${name}; a value changed in it names that record`, async (t) => {
    const log = await gatewayLog(t);
    const count = recordsIn(log).length;
    const text = await copy(log, temporaryFolder());
    const expected = [count, [], 0, 1];
    for (const files of [{ 'audit.log': text }, { 'audit.log.gz': gzipSync(text) }]) {
      const { records, findings, signed, chains } = await verify(files, { keys: keys.verifying });
      assert.deepEqual([records, findings, signed?.unsigned, chains], expected);
    }
    const target = recordsIn(log).find(({ metadata }) => metadata.event_code === 'peering.create.intent');
    assert.match(text, /10\.20\.4\.0\/22/);
    const forged = await copy(
      log.replace(/.*peering\.create\.intent.*/, (line) => line.replace('10.20.4.0/22', '10.20.8.0/22')),
      temporaryFolder(),
    );
    const { findings } = await verify({ 'audit.log': forged });
    assert.deepEqual(
      findings.map(({ kind, from, to }) => [kind, from, to]),
      [['changed', target?.metadata.sequence, target?.metadata.sequence]],
    );
  });
}

test('a record that is missing from a copy, and one that is there twice, are named', async (t) => {
  const records = recordsIn(await gatewayLog(t)).map(reordered);
  const forged = [...records.toSpliced(4, 1), records[2]];
  const found = await verify({ 'audit.log': JSON.stringify(forged) });
  assert.deepEqual(shortFindings(found), ['duplicated 1 #3', 'missing 1 #5']);
});
