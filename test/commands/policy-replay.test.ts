// `policy replay`: the log of a real gateway, decided again under another policy.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { gzipSync } from 'node:zlib';
import { otherCluster } from '../support/call-peering.ts';
import { allowed, allowedNumber, clusterId, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { folderWith, peergate } from './policy-run.ts';

const policy = `version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1, eu-west-1]
  cidrs: [10.0.0.0/8]
grants:
  - id: payments
    callers: [{ claim: sub, equals: "svc-*" }]
    actions: [create, list]
`;
/** A subject that would clear the screen and write right to left, as somebody could write it into a log; no token may name it. */
const hostile = 'svc-\u001b[2J\u202e\u009b31m';
const replaced = 'svc-replaced';

/** What a gateway leaves behind that has served these: audit records between log lines. */
async function recordedLog(t: TestContext, subject = replaced): Promise<string[]> {
  const lines: string[] = [];
  const write = (line: string) => {
    const changed = line.replaceAll(replaced, JSON.stringify(subject).slice(1, -1));
    lines.push(changed, JSON.stringify({ level: 30, msg: 'request served', note: '"class_uid":6003' }));
    return Promise.resolve();
  };
  const gateway = await startTestGateway(t, { policy, sink: { write } });
  const call = async (sub: string, body?: object, path = peeringsPath) => {
    const headers = {
      authorization: `Bearer ${await gateway.issuer.sign({ sub, team: 'net' })}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    };
    const method = body ? 'POST' : 'GET';
    return await gateway.call({ method, path, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  };
  const statuses = [
    await call('svc-payments', allowed),
    await call('svc-payments', { ...allowedNumber(1), region: 'eu-west-1' }),
    await call('svc-payments', { ...allowed, cidrBlock: '192.0.2.0/24' }),
    await call('svc-payments', { ...allowed, cidrBlock: '10.20.4.1/22' }),
    await call('svc-payments', allowedNumber(2), `${peeringsPath}?dryRun=true`),
    await call('svc-payments'),
    await call('nobody', allowed),
    await call(replaced, { ...allowedNumber(3), region: 'eu-west-1' }),
  ].map(({ status }) => status);
  assert.deepEqual(statuses, [201, 201, 403, 400, 200, 200, 403, 201]);
  return ['not JSON at all', '{"broken":', ...lines, '', 'null', '{"class_uid":6003}', '{"class_uid":6003,'];
}

/** The lists of verdicts, without times. */
const verdictsIn = (out: string) =>
  out
    .split('\n')
    .filter((line) => /→/.test(line))
    .map((line) => line.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z /, ''));

test('under the policy of the log itself nothing changes, with status 0', async (t) => {
  const log = await recordedLog(t);
  const path = await folderWith({ 'policy.yaml': policy, 'audit.log': log.join('\n') });
  assert.deepEqual(await peergate(['policy', 'replay', path('policy.yaml'), path('audit.log')]), {
    status: 0,
    out: '7 decided again, 0 changed\n',
    err: '',
  });
});

test('an altered record, or one without a place in a chain, is decided, and counted on standard error', async (t) => {
  const log = await recordedLog(t);
  const index = log.findIndex((line) => line.includes('peering.create.intent'));
  const { attestation_list: _, ...placeless } = JSON.parse(log[index] ?? '');
  const altered = (log[index] ?? '').replace(allowed.cidrBlock, '10.99.0.0/16');
  for (const [lines, decided, counted] of [
    [log.with(index, altered), 7, '1 record is not as a gateway wrote it.'],
    [log.with(index, JSON.stringify(placeless)), 7, '1 record is not as a gateway wrote it.'],
    [[...log, altered, altered], 9, '2 records are not as a gateway wrote them.'],
  ] as const) {
    const path = await folderWith({ 'policy.yaml': policy, 'audit.log': lines.join('\n') });
    assert.deepEqual(await peergate(['policy', 'replay', path('policy.yaml'), path('audit.log')]), {
      status: 0,
      out: `${decided} decided again, 0 changed\n`,
      err: `${counted} Run \`audit verify\`.\n`,
    });
  }
});

test('a copy that preserves the records as JSON is decided again as a whole', async (t) => {
  const records = (await recordedLog(t)).filter((line) => line.startsWith('{"action":'));
  const copy = JSON.stringify(
    records.map((line) => JSON.parse(line)),
    null,
    2,
  );
  const path = await folderWith({ 'policy.yaml': policy, 'export.json': copy });
  const { status, out, err } = await peergate(['policy', 'replay', path('policy.yaml'), path('export.json')]);
  assert.deepEqual([status, out, err], [0, '7 decided again, 0 changed\n', '']);
});

test('exactly the changed verdicts are listed, both ways, with status 1, also from a compressed log', async (t) => {
  const log = await recordedLog(t, hostile);
  const other = policy
    .replace(', eu-west-1', '')
    .replace('10.0.0.0/8', '0.0.0.0/0')
    .replace('[create, list]', '[create]');
  const half = Math.floor(log.length / 2);
  const path = await folderWith({
    'policy.yaml': other,
    'whole.log': `${log.join('\r\n')}`,
    'first.log': log.slice(0, half).join('\n'),
    'second.log.gz': gzipSync(`${log.slice(half).join('\n')}\n`),
  });
  const whole = await peergate(['policy', 'replay', path('policy.yaml'), path('whole.log')]);
  assert.equal(whole.status, 1);
  assert.deepEqual(verdictsIn(whole.out), [
    'svc-payments: create 10.20.8.0/22 eu-west-1 111122223333: allow → deny (region_not_allowed)',
    'svc-payments: create 192.0.2.0/24 us-east-1 111122223333: deny → allow (cidr_not_allowed)',
    `svc-payments: list ${clusterId}: allow → deny (action_not_allowed)`,
    'svc-�[2J��31m: create 10.20.16.0/22 eu-west-1 111122223333: allow → deny (region_not_allowed)',
  ]);
  assert.match(whole.out, /\n7 decided again, 4 changed\n$/);
  const parts = await peergate([
    'policy',
    'replay',
    path('policy.yaml'),
    path('first.log'),
    path('second.log.gz'),
  ]);
  assert.deepEqual(parts, whole);
});

test('control characters of a subject never reach the terminal', async (t) => {
  const log = await recordedLog(t, hostile);
  const path = await folderWith({
    'policy.yaml': policy.replace('create, list', 'delete'),
    'a.log': log.join('\n'),
  });
  const { out } = await peergate(['policy', 'replay', path('policy.yaml'), path('a.log')]);
  assert.match(out, /svc-�\[2J��31m/);
  assert.doesNotMatch(out, /(?!\n)[\p{Cc}\p{Cf}]/u);
});

test('a denial for want of a claim that was not recorded is marked and counted as uncertain', async (t) => {
  const log = await recordedLog(t, hostile);
  const byTeam = policy.replace(
    '{ claim: sub, equals: "svc-*" }',
    '{ claim: team, equals: net }, { claim: sub, equals: svc-payments }',
  );
  const path = await folderWith({ 'policy.yaml': byTeam, 'audit.log': log.join('\n') });
  const { status, out } = await peergate(['policy', 'replay', path('policy.yaml'), path('audit.log')]);
  assert.equal(status, 1);
  // The refusal of a block outside of the guardrails stays one whatever the team.
  assert.deepEqual(verdictsIn(out), [
    '? nobody: create 10.20.4.0/22 us-east-1 111122223333: deny → deny (no_grant)',
    '? svc-�[2J��31m: create 10.20.16.0/22 eu-west-1 111122223333: allow → deny (no_grant)',
  ]);
  assert.equal(out.split('\n').filter((line) => line === '    not recorded: team').length, 2);
  assert.match(out, /\n7 decided again, 1 changed, 2 uncertain\n$/);
});

test('a policy with a fault, and a log that is missing or broken, end with status 1', async (t) => {
  const log = await recordedLog(t);
  const packed = gzipSync(log.join('\n'));
  const path = await folderWith({
    'policy.yaml': policy,
    'bad.yaml': 'version: 2',
    'audit.log': log.join('\n'),
    'cut.log.gz': packed.subarray(0, packed.length - 20),
    'plain.log.gz': log.join('\n'),
  });
  const bad = await peergate(['policy', 'replay', path('bad.yaml'), path('audit.log')]);
  assert.deepEqual([bad.status, bad.out], [1, '']);
  assert.match(bad.err, /^3 faults:\n.*bad\.yaml:1:10: \/version must be 1/);
  for (const [file, reason] of [
    ['none.log', /ENOENT/],
    ['.', /EISDIR/],
    ['cut.log.gz', /unexpected end of file/],
    ['plain.log.gz', /incorrect header check/],
  ] as const) {
    const { status, err } = await peergate([
      'policy',
      'replay',
      path('policy.yaml'),
      path('audit.log'),
      path(file),
    ]);
    assert.deepEqual([file, status], [file, 1]);
    assert.match(err, /^The audit log cannot be read: /);
    assert.match(err, reason);
  }
});

test('logs without a record are a problem; one without a decision, or beside others, is none', async () => {
  const record = { class_uid: 6003, metadata: { product: { name: 'peergate' } } };
  const path = await folderWith({
    'policy.yaml': policy,
    'empty.log': '',
    'other.log': '{"level":30}\nnot JSON\n',
    'idle.log': `${JSON.stringify(record)}\n`,
  });
  const replayed = async (...logs: string[]) =>
    await peergate(['policy', 'replay', path('policy.yaml'), ...logs]);
  for (const logs of [[path('empty.log')], [path('empty.log'), path('other.log')], ['/dev/null']])
    assert.deepEqual(await replayed(...logs), {
      status: 1,
      out: '',
      err: 'There is no audit record in these files.\n',
    });
  const idle = { status: 0, out: '0 decided again, 0 changed\n', err: '' };
  assert.deepEqual(await replayed(path('idle.log'), path('empty.log')), idle);
});

test('a wrong call ends with status 2 and the usage', async () => {
  for (const args of [[], ['policy.yaml'], ['a', 'b', '--all']]) {
    const { status, out, err } = await peergate(['policy', 'replay', ...args]);
    assert.deepEqual([args, status, out], [args, 2, '']);
    assert.match(err, /Usage: bin\/peergate policy replay/);
  }
});

test('a bar shows on a terminal how far a long log has been read, and leaves nothing behind', async (t) => {
  const log = await recordedLog(t);
  const filler = `${JSON.stringify({ level: 30, msg: 'x'.repeat(1000) })}\n`.repeat(9000);
  const path = await folderWith({ 'policy.yaml': policy, 'long.log': `${log.join('\n')}\n${filler}` });
  const args = ['policy', 'replay', path('policy.yaml'), path('long.log')];
  const watched = await peergate(args, { watched: true });
  assert.match(watched.err, /\r█+░* \d+ % read/);
  assert.match(watched.err, /\r█+ 100 % read/);
  assert.ok(watched.err.endsWith('\r\x1b[K'));
  assert.deepEqual(await peergate(args), { status: 0, out: watched.out, err: '' });
});

test('colours come only where they are welcome', async (t) => {
  const log = await recordedLog(t);
  const path = await folderWith({
    'policy.yaml': policy.replace('create, list', 'delete'),
    'a.log': log.join('\n'),
  });
  const args = ['policy', 'replay', path('policy.yaml'), path('a.log')];
  const coloured = await peergate(args, { colours: true });
  assert.ok(coloured.out.startsWith('\x1b[31m'));
  assert.equal(stripVTControlCharacters(coloured.out), (await peergate(args)).out);
});

test('reads of clusters are decided again: one by its cluster, the list by the action alone', async (t) => {
  const lines: string[] = [];
  const sink = { write: async (line: string) => void lines.push(line) };
  const gateway = await startTestGateway(t, { policy, sink });
  const read = async (path: string, sub = 'svc-payments') => {
    const authorization = `Bearer ${await gateway.issuer.sign({ sub })}`;
    return (await gateway.call({ path, headers: { authorization } })).status;
  };
  const clusters = '/database/clusters';
  assert.equal(await read(clusters), 200);
  assert.equal(await read(`${clusters}/${clusterId}`), 200);
  assert.equal(await read(`${clusters}/${otherCluster}`), 200);
  assert.equal(await read(clusters, 'nobody'), 403);
  const files = {
    'audit.log': lines.join('\n'),
    'same.yaml': policy,
    'one-cluster.yaml': `${policy}    clusters: ["${otherCluster}"]\n`,
    'no-list.yaml': policy.replace('create, list', 'create').replace('"svc-*"', '"*"'),
  };
  const path = await folderWith(files);
  const replayed = async (name: keyof typeof files) =>
    await peergate(['policy', 'replay', path(name), path('audit.log')]);
  assert.deepEqual(await replayed('same.yaml'), {
    status: 0,
    out: '4 decided again, 0 changed\n',
    err: '',
  });
  assert.deepEqual(verdictsIn((await replayed('one-cluster.yaml')).out), [
    `svc-payments: list ${clusterId}: allow → deny (cluster_not_allowed)`,
  ]);
  assert.deepEqual(verdictsIn((await replayed('no-list.yaml')).out), [
    'svc-payments: list clusters: allow → deny (action_not_allowed)',
    `svc-payments: list ${clusterId}: allow → deny (action_not_allowed)`,
    `svc-payments: list ${otherCluster}: allow → deny (action_not_allowed)`,
  ]);
});
