// Makes the sandbox misbehave on API calls, and checks everything that a broken create must leave behind: the answer, how
// often it was sent, the two records, and a gateway that serves the next one as if nothing had happened.
import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';
import { proxyStatusOf } from '../support/assert-refused.ts';
import { isOwnRead, type Reply, startTestGateway, type TestGateway } from '../support/gateway.ts';

/** Put into every broken answer; must never come through. */
export const marker = 'words-of-the-upstream';

export const jsonBody = JSON.stringify({ id: '11111111-1111-4111-8111-111111111111', note: marker });

/** The head of an answer with these lines, empty line included. */
export const head = (...lines: string[]): string => `HTTP/1.1 ${lines.join('\r\n')}\r\n\r\n`;

/** These very bytes as the answer, and the end of the connection. */
export const bytes =
  (text: string | Buffer): RequestListener =>
  (request) =>
    void request.socket.end(text);

/** These very bytes, and the connection stays open. */
export const openBytes =
  (text: string | Buffer): RequestListener =>
  (request) =>
    void request.socket.write(text);

/** An answer in good HTTP. */
export const reply =
  (status: number, headers: Record<string, string>, body?: string | Buffer): RequestListener =>
  (_request: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

/** Every API call that is forwarded gets this answer from now on; token requests and what the gateway reads by itself do not. */
export function breakApi(gateway: TestGateway, listener: RequestListener | undefined): void {
  gateway.cloud.setFault(
    listener === undefined
      ? undefined
      : (seen) => (seen.path.startsWith('/v1/') && !isOwnRead(seen) ? listener : undefined),
  );
}

/** Every API call gets this answer from now on, also what the gateway reads by itself; token requests do not. */
export const breakEveryCall = (gateway: TestGateway, listener: RequestListener): void =>
  gateway.cloud.setFault(({ path }) => (path.startsWith('/v1/') ? listener : undefined));

/** Creates that the sandbox saw. A look after one whose end nobody knows comes besides, at any time. */
export const createsOf = (gateway: TestGateway) =>
  gateway.apiRequests().filter(({ method }) => method === 'POST');

export interface Failure {
  /** 502 unless it says otherwise. */
  readonly status?: 502 | 504;
  readonly sent: 'no' | 'maybe' | 'yes';
  /** As `proxyStatusOf` takes it. */
  readonly proxyError: string;
  readonly code?: string;
  /** Creates that the sandbox saw; 1 unless it says otherwise. */
  readonly seen?: number;
  /** Of the outcome: 0 when nobody can know, 2 when it certainly failed. */
  readonly statusId: 0 | 2;
}

/** What a create that failed upstream looks like from every side. */
export function assertFailure(gateway: TestGateway, answer: Reply, expected: Failure): void {
  const { status = 502, sent, proxyError, seen = 1, statusId, code } = expected;
  assert.equal(answer.status, status);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(answer.headers['proxy-status'], proxyStatusOf(proxyError, answer.json.code));
  assert.equal(answer.json.type, 'urn:aerospike:errors:system:unavailable');
  assert.equal(answer.json.status, status);
  assert.equal(answer.json.context.sent, sent);
  assert.doesNotMatch(answer.text + JSON.stringify(answer.headers), new RegExp(marker));
  assert.equal(createsOf(gateway).length, seen);
  const [intent, outcome, ...more] = gateway.records;
  assert.equal(more.length, 0);
  assert.equal(intent?.metadata.event_code, 'peering.create.intent');
  assert.equal(outcome?.metadata.event_code, 'peering.create.outcome');
  assert.equal(outcome?.api.request.uid, answer.headers['x-gateway-request-id']);
  assert.equal(outcome?.status_id, statusId);
  assert.equal(outcome?.unmapped.upstream.sent, sent);
  assert.equal(outcome?.http_response.code, status);
  assert.equal(outcome?.status_code, code ?? answer.json.code);
  assertNothingLeaks(gateway, answer);
}

/** No part of the service credential, and nothing that the upstream said in a broken answer, got anywhere. */
export function assertNothingLeaks(gateway: TestGateway, ...answers: Reply[]): void {
  const everything =
    gateway.output() + answers.map(({ text, headers }) => text + JSON.stringify(headers)).join();
  const tokens = gateway
    .apiRequests()
    .map(({ headers }) => String(headers.authorization).slice('Bearer '.length));
  for (const secret of [...tokens, gateway.cloud.clientSecret, marker]) {
    assert.equal(everything.includes(secret), false);
  }
}

/** The upstream is well again: the next create is an ordinary one, and the only one more that was sent. */
export async function assertNextIsClean(gateway: TestGateway): Promise<void> {
  breakApi(gateway, undefined);
  const before = createsOf(gateway).length;
  const answer = await gateway.create();
  assert.equal(answer.status, 201);
  assert.equal(answer.headers['proxy-status'], 'peergate; received-status=201');
  assert.equal(createsOf(gateway).length, before + 1);
  const id = answer.headers['x-gateway-request-id'];
  const outcome = gateway.records.findLast(({ api }) => api.request.uid === id);
  assert.equal(outcome?.metadata.event_code, 'peering.create.outcome');
  assert.equal(outcome?.status_id, 1);
}

/** One create against an upstream that answers it so, from every side, and one more when it is well again. */
export async function assertBreaks(
  test: TestContext,
  listener: RequestListener,
  expected: Failure,
  environment: Record<string, string> = {},
): Promise<void> {
  const gateway = await startTestGateway(test, { environment });
  breakApi(gateway, listener);
  assertFailure(gateway, await gateway.create(), expected);
  await assertNextIsClean(gateway);
}
