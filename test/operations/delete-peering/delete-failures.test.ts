// A delete against an upstream or an audit log in trouble: what the caller is told, whether anything was sent, and what is
// recorded of it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { notFound, unauthenticated } from '../../../sandbox/problems.ts';
import { sendReply } from '../../../sandbox/reply.ts';
import { FaultySink } from '../../audit/log/faulty-sink.ts';
import type { AuditRecord } from '../../support/audit-record.ts';
import {
  asked,
  assertProblem,
  deletes,
  look,
  pathOf,
  put,
  recorded,
  remove,
} from '../../support/call-peering.ts';
import { allowedNumber, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const sent = (id: string) => `DELETE /v1${pathOf(id)}`;
const impatient = { environment: { UPSTREAM_TIMEOUT_MS: '600' } };

/** Answers the requests of this method so; tokens are issued as usual. */
function answer(gateway: TestGateway, method: 'GET' | 'DELETE', listener: RequestListener): void {
  gateway.cloud.setFault((seen) =>
    seen.path.startsWith('/v1') && seen.method === method ? listener : undefined,
  );
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_request, response) =>
    sendReply(response, { status, body });

interface Ending {
  readonly listener: RequestListener;
  readonly status: number;
  /** After `peergate; `. */
  readonly said: string;
  readonly upstream: object;
  /** 0: nobody can know. 2: certainly not done. */
  readonly statusId: 0 | 2;
  readonly code?: string;
}

const passed = (status: number, body: unknown, statusId: 0 | 2): Ending => ({
  listener: json(status, body),
  status,
  said: `received-status=${status}`,
  upstream: { sent: 'yes', status },
  statusId,
});
const endings: Readonly<Record<string, Ending>> = {
  'says that it is gone': passed(404, notFound('vpc-peering', 'x').body, 2),
  'says that something is in the way': passed(409, { type: 'about:blank' }, 2),
  'fails with 500': passed(500, {}, 0),
  'fails with 503': passed(503, {}, 0),
  'resets the connection': {
    listener: (request) => void request.socket.resetAndDestroy(),
    status: 502,
    said: 'error=connection_terminated; details="upstream-unreachable"',
    upstream: { sent: 'maybe' },
    statusId: 0,
    code: 'upstream-unreachable',
  },
  'never answers': {
    listener: () => undefined,
    status: 504,
    said: 'error=http_response_timeout; details="upstream-timeout"',
    upstream: { sent: 'maybe' },
    statusId: 0,
    code: 'upstream-timeout',
  },
  redirects: {
    listener: (_, response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
    status: 502,
    said: 'error=http_protocol_error; details="upstream-broken"; received-status=302',
    upstream: { sent: 'yes', status: 302 },
    statusId: 0,
    code: 'upstream-broken',
  },
};

for (const [what, { listener, status, said, upstream, statusId, code }] of Object.entries(endings)) {
  test(`an upstream that ${what}: the delete is sent once, and its outcome is recorded as what it is`, async (t) => {
    const gateway = await startTestGateway(t, impatient);
    const id = put(gateway);
    answer(gateway, 'DELETE', listener);
    const reply = await remove(gateway, id);
    assert.equal(reply.status, status);
    assert.equal(reply.headers['proxy-status'], `peergate; ${said}`);
    if (code !== undefined) assert.equal(reply.json.context.sent, (upstream as { sent: string }).sent);
    assert.deepEqual(asked(gateway), [look, sent(id)]);
    assert.deepEqual(recorded(gateway), ['peering.delete.intent 99', `peering.delete.outcome ${statusId}`]);
    const [, outcome] = gateway.records;
    assert.equal(outcome?.status_code, code ?? 'upstream-answered');
    assert.equal(outcome?.http_response.code, status);
    const { requestId: _, ...rest } = outcome?.unmapped.upstream ?? assert.fail('no outcome');
    assert.deepEqual(rest, upstream);
  });
}

test('a delete whose end nobody knows is not settled as a success while its peering is listed, though a later create is', async (t) => {
  const gateway = await startTestGateway(t, impatient);
  answer(gateway, 'DELETE', json(500, {}));
  await remove(gateway, put(gateway));
  // A create of unknown end is settled at the first look, by which the delete would have been settled, too.
  gateway.cloud.setFault((seen) =>
    seen.method === 'POST' && seen.path.startsWith('/v1') ? json(500, {}) : undefined,
  );
  await gateway.create(allowedNumber(1));
  gateway.cloud.setFault(undefined);
  await until('the create is settled', () =>
    gateway.records.some(({ metadata }) => metadata.event_code === 'peering.create.reconciled'),
  );
  assert.deepEqual(
    recorded(gateway).filter((text) => text.includes('delete')),
    ['peering.delete.intent 99', 'peering.delete.outcome 0'],
  );
});

test('an answer that names something made leaves no more in the record than its status', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  answer(gateway, 'DELETE', json(201, { id: 'made-by-a-delete' }));
  assert.equal((await remove(gateway, id)).status, 201);
  assert.equal(gateway.records[1]?.unmapped.upstream.resourceId, undefined);
  assert.doesNotMatch(gateway.output(), /made-by-a-delete/);
});

test('a 401 to the delete renews the service token and sends it once more, and the second one is a 502', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  let refusals = 1;
  gateway.cloud.setFault((seen) => {
    if (seen.method !== 'DELETE' || refusals === 0) return undefined;
    refusals -= 1;
    return (_, response) => sendReply(response, unauthenticated());
  });
  assert.equal((await remove(gateway, id)).status, 204);
  assert.deepEqual(asked(gateway), [look, sent(id), sent(id)]);
  const [first, second] = deletes(gateway);
  assert.notEqual(first?.headers.authorization, second?.headers.authorization);
  refusals = 2;
  const refused = await remove(gateway, put(gateway));
  assertProblem(refused, 502, 'system:unavailable', 'proxy_configuration_error; received-status=401');
  assert.equal(recorded(gateway).at(-1), 'peering.delete.outcome 2');
});

test("a 4xx of Aerospike Cloud's to the list is passed on and recorded, and nothing is deleted", async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  for (const status of [403, 404, 429]) {
    answer(gateway, 'GET', json(status, { type: 'about:blank', status }));
    const reply = await remove(gateway, id);
    assert.equal(reply.status, status);
    assert.equal(reply.headers['proxy-status'], `peergate; received-status=${status}`);
    assert.deepEqual(reply.json, { type: 'about:blank', status });
    const record = gateway.records.at(-1);
    assert.equal(record?.metadata.event_code, 'peering.delete.refused');
    assert.equal(record?.status_code, 'upstream-answered');
    assert.match(record?.status_detail, /to the read before the delete\.$/);
    assert.equal(record?.unmapped.upstream.sent, 'no');
  }
  assert.equal(deletes(gateway).length, 0);
});

const failedLists: Readonly<Record<string, [RequestListener, status: number, said: string, code: string]>> = {
  'answers 500': [json(500, {}), 502, 'http_protocol_error; received-status=500', 'preflight-failed'],
  'lists something else': [
    json(200, { peerings: [] }),
    502,
    'http_protocol_error; received-status=200',
    'preflight-failed',
  ],
  'resets the connection': [
    (request) => void request.socket.resetAndDestroy(),
    502,
    'connection_terminated',
    'preflight-failed',
  ],
  hangs: [() => undefined, 504, 'http_response_timeout', 'upstream-timeout'],
};
for (const [what, [listener, status, said, code]] of Object.entries(failedLists)) {
  test(`an upstream that ${what} when it is asked for the peering: nothing is deleted, and the answer says so`, async (t) => {
    const gateway = await startTestGateway(t, impatient);
    const id = put(gateway);
    answer(gateway, 'GET', listener);
    const reply = await remove(gateway, id);
    assertProblem(reply, status, 'system:unavailable', said);
    assert.deepEqual(reply.json.context, { sent: 'no' });
    assert.equal(deletes(gateway).length, 0);
    assert.deepEqual(recorded(gateway), ['peering.delete.refused 2']);
    assert.equal(gateway.records[0]?.status_code, code);
  });
}

test('with PREFLIGHT=off the peering of a delete is listed all the same: nothing else says where the peering lies', async (t) => {
  for (const PREFLIGHT of ['off', 'enforce']) {
    const gateway = await startTestGateway(t, { environment: { PREFLIGHT } });
    const id = put(gateway, 'active', { accountId: '444455556666' });
    assert.equal((await remove(gateway, id)).status, 403);
    assert.deepEqual(asked(gateway), [look]);
  }
});

test('the intent is in the audit file before the first byte of the delete leaves', async (t) => {
  const file = join(temporaryFolder(), 'audit.log');
  const gateway = await startTestGateway(t, { environment: { AUDIT_FILE: file } });
  const id = put(gateway);
  const found: string[] = [];
  gateway.cloud.setFault(({ method }) => {
    if (method === 'DELETE') found.push(readFileSync(file, 'utf8'));
    return undefined;
  });
  const reply = await remove(gateway, id);
  assert.equal(reply.status, 204);
  const [text = '', ...more] = found;
  assert.deepEqual(more, []);
  const last = JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as AuditRecord;
  assert.equal(last.metadata.event_code, 'peering.delete.intent');
  assert.equal(last.api.request.uid, reply.headers['x-gateway-request-id']);
  assert.equal(last.api.request.data.peeringId, id);
});

test('when the intent cannot be written, nothing is deleted and the caller gets 503', async (t) => {
  const sink = new FaultySink();
  const gateway = await startTestGateway(t, { sink });
  const id = put(gateway);
  // From the look on: the policy's record and the start need a sink that works.
  gateway.cloud.setFault(({ path }) => {
    if (path.startsWith('/v1')) sink.mode = () => 'rejects';
    return undefined;
  });
  const reply = await remove(gateway, id);
  assertProblem(reply, 503, 'system:unavailable', 'proxy_internal_error');
  assert.equal(reply.headers['retry-after'], '2');
  assert.deepEqual(asked(gateway), [look]);
  sink.mode = () => 'works';
  gateway.cloud.setFault(undefined);
  await until('a delete is served again', async () => (await remove(gateway, id)).status === 204);
  const outcome = sink.records.find(
    ({ api, metadata }) =>
      metadata.event_code === 'peering.delete.outcome' &&
      api.request.uid === reply.headers['x-gateway-request-id'],
  );
  assert.equal(outcome?.status_code, 'audit-unavailable');
  assert.deepEqual(outcome?.unmapped.upstream, { sent: 'no' });
});
