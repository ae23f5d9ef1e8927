// The guide docs/audit.md says what is so: its queries give the answers that it shows, in jq and in DuckDB alike, on a log that
// the gateway made; and its commands answer as shown.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertAuditRecord } from '../support/audit-schema.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type MadeLog, makeAuditLog } from './audit-log.ts';
import { fencedBlocks, readText } from './documents.ts';
import { openDuckDb, queriesIn, runJq, runShell } from './run-queries.ts';

const guide = readText('docs/audit.md');
/** Stands in the guide for the id that the sandbox gave. */
const examplePeering = '3f2a7c1e-8b44-4c0d-9d57-2f60b1a4e9c3';
const blockWith = (language: string, text: string): string => {
  const found = fencedBlocks(guide, language).filter((block) => block.includes(text));
  assert.equal(found.length, 1, `one block of ${language} with ${text}`);
  return found[0] ?? '';
};

const folder = temporaryFolder();
let made: MadeLog;
let duckDb: Awaited<ReturnType<typeof openDuckDb>>;

before(async () => {
  runShell(blockWith('sh', 'generateKeyPairSync'), folder);
  made = await makeAuditLog(folder);
  runShell(blockWith('sh', 'zcat -f $(ls audit.log-*'), folder);
  duckDb = await openDuckDb(folder, blockWith('sql', 'CREATE VIEW audit'));
});
after(() => {
  duckDb?.close();
});

const toolFor = (name: string): string | false =>
  spawnSync(name, ['--version']).error === undefined ? false : `${name} is not installed`;
const queries = queriesIn(guide);

test('the guide asks thirteen questions, each of jq and of DuckDB', () => {
  const asked = (language: string) =>
    new Set(queries.filter((query) => query.language === language).map(({ question }) => question));
  assert.equal(asked('sh').size, 13);
  assert.deepEqual(asked('sql'), asked('sh'));
});

for (const { question, language, text, documented } of queries) {
  const name = language === 'sh' ? 'jq' : 'DuckDB';
  const skip = language === 'sh' && toolFor('jq');
  test(`${question} ${name}: ${documented.head}`, { skip }, async () => {
    const query = text.replaceAll(examplePeering, made.peering);
    const answer = language === 'sh' ? runJq(query, folder) : await duckDb.ask(query);
    assert.deepEqual(answer.rows, documented.rows);
    if (answer.head !== undefined) assert.deepEqual(answer.head, documented.head);
  });
}

test('the query for the maker of a peering finds that of one whose create was reconciled', async () => {
  const reconciled = made.records.find(({ unmapped }) => unmapped.reconciled?.found);
  const id = reconciled?.unmapped.reconciled.resourceId ?? assert.fail('nothing was reconciled');
  assert.match(id, /^[0-9a-f-]{36}$/);
  const [query] = queries.filter(
    ({ language, question }) => language === 'sql' && question.startsWith('1. '),
  );
  const { rows } = await duckDb.ask((query?.text ?? '').replaceAll(examplePeering, id));
  assert.deepEqual(
    rows.map((row) => row.slice(1, 6)),
    [['svc-payments', 'payments', '192.0.2.10', '111122223333', '10.20.16.0/22']],
  );
});

test('at the moment of the crash one create has no outcome and one has an unknown one', async () => {
  const [query] = queries.filter(
    ({ question, language }) => language === 'sql' && question.includes('no known end'),
  );
  const atTheCrash = await openDuckDb(made.crashed, blockWith('sql', 'CREATE VIEW audit'));
  const { rows } = await atTheCrash.ask(query?.text ?? '').finally(atTheCrash.close);
  assert.deepEqual(
    rows.map((row) => [row[1], row.at(-1)]),
    [
      ['svc-payments', 'unknown'],
      ['svc-search', 'none'],
    ],
  );
});

test('a record that was removed or changed shows in the queries for what is missing', async () => {
  const tampered = join(folder, 'tampered');
  await mkdir(tampered);
  await copyFile(join(folder, 'audit.log-20261001.gz'), join(tampered, 'audit.log-20261001.gz'));
  const lines = (await readFile(join(folder, 'audit.log'), 'utf8')).split('\n');
  const kept = lines
    .toSpliced(4, 1)
    .map((line, index) => (index === 5 ? line.replace('svc-', 'svc_') : line));
  await writeFile(join(tampered, 'audit.log'), kept.join('\n'));
  const database = await openDuckDb(tampered, blockWith('sql', 'CREATE VIEW audit'));
  const [gap, chain] = queries.filter(
    ({ question, language }) => language === 'sql' && /missing/.test(question),
  );
  assert.deepEqual((await database.ask(gap?.text ?? '')).rows, [['1', '67', '66', '1']]);
  assert.deepEqual((await database.ask(chain?.text ?? '')).rows, [['66', '1']]);
  database.close();
});

for (const text of fencedBlocks(guide, 'console')) {
  const [, command = '', shown = ''] = /^\$ (.*?)\n(.*)$/s.exec(text) ?? [];
  test(`${command.slice(0, 40)}… answers as the guide shows`, () => {
    const rotated = runShell('bin/peergate audit verify --json audit.log-*', folder);
    const { sequence, fingerprint } = JSON.parse(rotated).last;
    const given = command.replace('20:HASH-OF-RECORD-20', `${sequence}:${fingerprint}`);
    const printed = runShell(`${given} || [ $? -eq 1 ]`, folder);
    // A line of … stands for any lines.
    const parts = shown.split(/^…\n/m).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    assert.match(printed, new RegExp(`^${parts.join('(?:.*\\n)*?')}$`));
  });
}

test('lines that were shipped twice and out of order are whole again as the guide says', async () => {
  const shipped = join(folder, 'shipped');
  await mkdir(shipped);
  const lines = (await readFile(join(folder, 'audit.log'), 'utf8')).trimEnd().split('\n');
  await writeFile(join(shipped, 'b'), runShell('zcat audit.log-*.gz', folder));
  await writeFile(join(shipped, 'a'), `${[...lines.slice(9), ...lines.slice(0, 12)].join('\n')}\n`);
  runShell(blockWith('sh', 'cat shipped/*'), folder);
  const whole = await readFile(join(folder, 'whole.jsonl'), 'utf8');
  assert.equal(whole, runShell('zcat -f audit.log-* audit.log', folder));
});

test('every record of the log is one by the schema, and none holds a secret', () => {
  assert.equal(made.records.length, 67);
  for (const record of made.records) assertAuditRecord(record);
  const text = JSON.stringify(made.records);
  assert.ok(made.secrets.length > 20);
  for (const secret of made.secrets) assert.equal(text.includes(secret), false, secret.slice(0, 12));
});

test('every command of the guide works before the first rotation, and reads nothing that was set aside', async (t) => {
  const fresh = temporaryFolder();
  for (const name of ['audit.log', 'audit-signing.public.jwk'])
    await copyFile(join(folder, name), join(fresh, name));
  await writeFile(join(fresh, 'audit.log.torn-2026-10-01T000000.000Z'), '{"class_uid":6003,"metadata":{"seq');
  runShell(blockWith('sh', 'zcat -f $(ls audit.log-*'), fresh);
  assert.equal(runShell('cat all.jsonl', fresh), runShell('cat audit.log', fresh));
  const rows = runShell('jq -s length all.jsonl', fresh).trim();
  const first = await openDuckDb(fresh, blockWith('sql', 'CREATE VIEW audit'));
  t.after(() => first.close());
  assert.deepEqual((await first.ask('SELECT count(*)::VARCHAR AS records FROM audit')).rows, [[rows]]);
});

test('the commands of the guide that verify and replay a log work before the first rotation', async () => {
  const fresh = temporaryFolder();
  for (const name of ['proposed.yaml', 'audit-signing.public.jwk'])
    await copyFile(join(folder, name), join(fresh, name));
  await writeFile(join(fresh, 'audit.log'), runShell('zcat -f audit.log-* audit.log', folder));
  const commands =
    guide.match(/(?<=^\$ )bin\/peergate (?:audit verify|policy replay) .*audit\.log-.*$/gm) ?? [];
  assert.equal(commands.length, 2);
  for (const command of commands) {
    const rotated = command.replace('--key', '--json --key');
    // 1 is a finding, as on the log that was rotated, and not a file that cannot be read.
    const [before, after] = [fresh, folder].map((where) => runShell(`${rotated} || [ $? -eq 1 ]`, where));
    if (!rotated.includes('--json')) assert.equal(before, after);
    else assert.deepEqual(withoutFiles(before), withoutFiles(after));
  }
});

/** What `audit verify --json` found, whichever files the records are in. */
function withoutFiles(text = ''): unknown {
  const found = JSON.parse(text);
  assert.equal(found.records, 67);
  return JSON.parse(text, (name, value) => (['file', 'files', 'line'].includes(name) ? undefined : value));
}
