// Open creates through the whole gateway: answers that are lost while it runs, and intents that a crash has left. The record
// that settles one tells the same story as its intent.
import assert from 'node:assert/strict';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { sendReply } from '../../sandbox/reply.ts';
import { verifyLogs } from '../../src/audit/verify/verify-logs.ts';
import type { AuditRecord } from '../support/audit-record.ts';
import {
  allowed,
  clusterId,
  startTestGateway,
  type TestGateway,
  withoutPreflight,
} from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

type Ending = (request: IncomingMessage) => void;

const resets: Ending = ({ socket }) => void socket.destroy();
const neverAnswers: Ending = () => undefined;

/** Creates are carried out, or not, and their answers never arrive. */
function loseCreates({ cloud }: TestGateway, ending: Ending, carriedOut = true): void {
  cloud.setFault(({ method, path, body }) => {
    if (method !== 'POST' || !path.startsWith('/v1/')) return undefined;
    if (carriedOut) cloud.addPeering(clusterId, JSON.parse(body), 'pending-acceptance');
    return ending;
  });
}

const recordsIn = async (file: string): Promise<AuditRecord[]> =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

const withCode = (records: readonly AuditRecord[], code: string): AuditRecord[] =>
  records.filter(({ metadata }) => metadata.event_code === `peering.create.${code}`);

/** Waits for so many in the file. */
async function reconciledIn(file: string, count = 1): Promise<[AuditRecord, ...AuditRecord[]]> {
  let found: AuditRecord[] = [];
  await until('open creates are settled', async () => {
    found = withCode(await recordsIn(file), 'reconciled');
    return found.length >= count;
  });
  return found as [AuditRecord, ...AuditRecord[]];
}

const openIn = async (file: string) => (await verifyLogs([file], { onRead: () => undefined })).openIntents;

function assertSameCreate(reconciled: AuditRecord | undefined, intent: AuditRecord | undefined): void {
  for (const member of ['actor', 'api', 'http_request', 'src_endpoint', 'start_time'] as const)
    assert.deepEqual(reconciled?.[member], intent?.[member]);
}

function auditFileIn(): string {
  return join(temporaryFolder(), 'audit.log');
}

/** The log of a gateway that dies while a create is on its way. */
async function crashedLog(test: TestContext): Promise<string> {
  const before = auditFileIn();
  const crashed = auditFileIn();
  const gateway = await startTestGateway(test, { environment: { AUDIT_FILE: before } });
  const arrived = new Promise<IncomingMessage>((resolve) => loseCreates(gateway, resolve));
  const answer = gateway.create(allowed, { 'x-request-id': 'order-17' });
  const { socket } = await arrived;
  await copyFile(before, crashed);
  socket.destroy();
  await answer;
  await gateway.stop();
  return crashed;
}

for (const [what, ending] of Object.entries({ resets, neverAnswers })) {
  test(`a create whose answer is lost (${what}) is settled by the running gateway, on standard output`, async (t) => {
    const gateway = await startTestGateway(t, { environment: { UPSTREAM_TIMEOUT_MS: '500' } });
    loseCreates(gateway, ending);
    const { json } = await gateway.create(allowed, { 'x-request-id': 'order-17' });
    assert.equal(json.context.sent, 'maybe');
    await until('it is settled', () => withCode(gateway.records, 'reconciled').length > 0);
    const [intent, outcome, reconciled, ...more] = gateway.records;
    assert.deepEqual(more, []);
    assert.equal(outcome?.status_id, 0);
    assertSameCreate(reconciled, intent);
    assert.equal(reconciled?.http_request.uid, 'order-17');
    const [made] = gateway.cloud.peerings(clusterId);
    assert.deepEqual(reconciled?.unmapped.reconciled, {
      found: true,
      resourceId: made?.id,
      peeringStatus: 'pending-acceptance',
    });
    assert.deepEqual(
      gateway.apiRequests().map(({ method }) => method),
      ['GET', 'GET', 'POST', 'GET'],
    );
  });

  test(`a create whose answer is lost (${what}) is settled by the running gateway, in its file`, async (t) => {
    const file = auditFileIn();
    const gateway = await startTestGateway(t, {
      environment: { AUDIT_FILE: file, UPSTREAM_TIMEOUT_MS: '500' },
    });
    loseCreates(gateway, ending);
    await gateway.create();
    const [reconciled] = await reconciledIn(file);
    assertSameCreate(reconciled, withCode(await recordsIn(file), 'intent')[0]);
    assert.deepEqual(await openIn(file), []);
  });
}

test('a create that was answered with a 500 is settled like one whose answer was lost', async (t) => {
  const gateway = await startTestGateway(t);
  gateway.cloud.setFault(({ method, path }) =>
    method === 'POST' && path.startsWith('/v1/')
      ? (_request, response) => sendReply(response, { status: 500, body: { status: 500 } })
      : undefined,
  );
  await gateway.create();
  assert.equal(withCode(gateway.records, 'outcome')[0]?.status_id, 0);
  gateway.cloud.addPeering(clusterId, allowed, 'active');
  await until('it is settled', () => withCode(gateway.records, 'reconciled').length > 0);
  assert.equal(withCode(gateway.records, 'reconciled')[0]?.unmapped.reconciled.found, true);
});

const keptAs: Readonly<Record<string, (file: string) => Promise<unknown>>> = {
  'in the file': async () => undefined,
  'in a file that was rotated since': (file) => rename(file, `${file}.1`),
  'in a file that was rotated by date': (file) => rename(file, `${file}-20261122`),
  'in a file that was rotated and compressed': async (file) => {
    await writeFile(`${file}.1.gz`, gzipSync(await readFile(file)));
    await writeFile(file, '');
  },
};
for (const [where, rotate] of Object.entries(keptAs)) {
  test(`an intent that a crash has left ${where} is settled by the next start`, async (t) => {
    const file = await crashedLog(t);
    const intent = withCode(await recordsIn(file), 'intent')[0];
    await rotate(file);
    const gateway = await startTestGateway(t, { environment: { AUDIT_FILE: file } });
    const resourceId = gateway.cloud.addPeering(clusterId, allowed, 'active');
    const [reconciled] = await reconciledIn(file);
    assertSameCreate(reconciled, intent);
    assert.equal(reconciled.http_request.uid, 'order-17');
    assert.deepEqual(reconciled.unmapped.reconciled, { found: true, resourceId, peeringStatus: 'active' });
    await gateway.stop();
    const again = await startTestGateway(t, { environment: { AUDIT_FILE: file } });
    await until('it serves', async () => (await again.create()).status === 201);
    await again.stop();
    assert.equal(withCode(await recordsIn(file), 'reconciled').length, 1);
    // The two reads are the preflight's.
    assert.deepEqual(
      again.apiRequests().map(({ method }) => method),
      ['GET', 'GET', 'POST'],
    );
  });
}

test('what the log knows to be made by another create settles none, in this run and in the next', async (t) => {
  const [file, crashed] = [auditFileIn(), auditFileIn()];
  const gateway = await startTestGateway(t, { environment: { AUDIT_FILE: file } });
  const made = await gateway.create();
  assert.equal(made.status, 201);
  loseCreates(gateway, resets, false);
  await gateway.create();
  await copyFile(file, crashed);
  // The sandbox of the second one lists the peering of the first under the same id.
  const next = await startTestGateway(t, { environment: { AUDIT_FILE: crashed } });
  next.cloud.setFault(({ method, path }) =>
    method === 'GET' && path.startsWith('/v1/')
      ? (_request, response) =>
          sendReply(response, { status: 200, body: { count: 1, vpcPeerings: [made.json] } })
      : undefined,
  );
  for (const reconciled of [await reconciledIn(file), await reconciledIn(crashed)])
    assert.deepEqual(
      reconciled.map(({ unmapped }) => unmapped.reconciled),
      [{ found: false }],
    );
  assert.deepEqual(await openIn(file), []);
  assert.deepEqual(await openIn(crashed), []);
});

test('a create of this run that is on its way is nothing to settle, whatever earlier runs have left', async (t) => {
  const file = await crashedLog(t);
  // With preflight, the cluster's lock alone would keep the two apart.
  const gateway = await startTestGateway(t, { environment: { AUDIT_FILE: file, ...withoutPreflight } });
  const other = { ...allowed, cidrBlock: '10.20.8.0/22' };
  const { cloud } = gateway;
  let answerIt = () => {};
  cloud.setFault(({ method, path, body }) => {
    if (method !== 'POST' || !path.startsWith('/v1/')) return undefined;
    const id = cloud.addPeering(clusterId, JSON.parse(body), 'active');
    return (_request, response) => {
      answerIt = () => sendReply(response, { status: 201, body: { id } });
      cloud.addPeering(clusterId, allowed, 'active');
    };
  });
  const answer = gateway.create(other);
  const [reconciled, ...more] = await reconciledIn(file);
  assert.deepEqual(more, []);
  assert.equal(reconciled.api.request.data.cidrBlock, allowed.cidrBlock);
  answerIt();
  assert.equal((await answer).status, 201);
  await gateway.stop();
  assert.equal(withCode(await recordsIn(file), 'reconciled').length, 1);
  assert.deepEqual(await openIn(file), []);
});

test('a stop during a list that nobody answers is not held up, and the next start settles the create', async (t) => {
  const file = auditFileIn();
  // Without preflight, the first read is that of the reconciliation.
  const gateway = await startTestGateway(t, {
    environment: { AUDIT_FILE: file, UPSTREAM_TIMEOUT_MS: '300000', ...withoutPreflight },
  });
  let lists = 0;
  gateway.cloud.setFault(({ method, path }) => {
    if (!path.startsWith('/v1/')) return undefined;
    if (method === 'POST') return resets;
    lists += 1;
    return neverAnswers;
  });
  await gateway.create();
  await until('it lists the peerings', () => lists > 0);
  await gateway.stop();
  const [open, ...more] = await openIn(file);
  assert.deepEqual(more, []);
  assert.equal(open?.outcome, 'unknown');
  const next = await startTestGateway(t, { environment: { AUDIT_FILE: file } });
  next.cloud.addPeering(clusterId, allowed, 'active');
  await reconciledIn(file);
  assert.deepEqual(await openIn(file), []);
});
