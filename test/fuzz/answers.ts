// What every answer of the gateway must be, whatever was asked: never a failure of its own, a problem document of a known
// type where it says no, and marked as its own or as passed through.
import assert from 'node:assert/strict';
import { errorRules } from '../../src/errors.ts';
import type { Answer } from './client.ts';

/** `ErrorType` of the vendor's contract, as far as the interface has a use for it, with what may carry it. */
const problems: Readonly<Record<string, readonly number[]>> = {
  'auth:unauthorized': [400, 401, 403],
  'auth:token-expired': [401],
  'resource:not-found': [404],
  'resource:already-exists': [409],
  'validation:failed': [400, 405, 408, 409, 413, 415, 422, 431],
};

const prefix = 'urn:aerospike:errors:';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function assertAnswer(answer: Answer, method: string): void {
  const { status, headers, text } = answer;
  assert.ok(status >= 200 && status < 500, `status ${status}: ${text}`);
  const id = headers.get('x-gateway-request-id') ?? '';
  assert.match(id, uuid, 'a request id of the gateway');
  assert.ok((headers.get('x-request-id') ?? '') !== '', 'a request id');
  assert.equal(headers.has('x-powered-by'), false);
  if (status < 400 || method === 'HEAD') return;
  if (headers.get('proxy-status')?.startsWith('peergate; received-status=') === true) {
    assert.equal(typeof JSON.parse(text), 'object', 'what is passed through is JSON');
    return;
  }
  const [, code = ''] =
    /^peergate; error=[a-z_]+; details="([a-z-]+)"$/.exec(headers.get('proxy-status') ?? '') ?? [];
  assert.ok(Object.hasOwn(errorRules, code), `Proxy-Status ${headers.get('proxy-status')}`);
  assert.equal(headers.get('link'), `</docs/errors#${code}>; rel="help"`);
  assert.equal(headers.get('content-type'), 'application/problem+json');
  assertProblem(JSON.parse(text) as Record<string, unknown>, status, code, id);
}

function assertProblem(problem: Record<string, unknown>, status: number, code: string, id: string): void {
  const { type, title, detail, instance, message, context, ...rest } = problem;
  assert.ok(typeof type === 'string' && type.startsWith(prefix), 'a type of the contract');
  const statuses = problems[type.slice(prefix.length)];
  assert.ok(statuses?.includes(status), `status ${status} with type ${type}`);
  assert.ok(typeof title === 'string' && title !== '', 'a title');
  assert.ok(typeof detail === 'string' && detail !== '', 'a detail');
  assert.equal(message, detail);
  assert.equal(instance, `urn:uuid:${id}`);
  assert.ok(context === undefined || (typeof context === 'object' && context !== null), 'a context');
  assert.deepEqual(rest, { status, code });
}
