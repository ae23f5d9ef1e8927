// With PREFLIGHT=enforce, a create that fails after a successful preflight is answered, recorded and not repeated, as without it.
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import { breakCreates } from './circuit-open.ts';
import { assertFailure, assertNextIsClean, bytes, type Failure, head, jsonBody, reply } from './misbehave.ts';

const json = { 'content-type': 'application/json' };
const broken = { code: 'upstream-broken', statusId: 0 } as const;

const faults: Record<string, [RequestListener, Failure]> = {
  'a reset before the answer': [
    (request) => void request.socket.resetAndDestroy(),
    { sent: 'maybe', proxyError: 'connection_terminated', code: 'upstream-unreachable', statusId: 0 },
  ],
  'a reset in the middle': [
    (request, response) => {
      response.writeHead(201, { ...json, 'content-length': '1000' });
      response.write(jsonBody, () => request.socket.resetAndDestroy());
    },
    { ...broken, sent: 'yes', proxyError: 'http_response_incomplete; received-status=201' },
  ],
  'a hang': [
    () => undefined,
    {
      status: 504,
      sent: 'maybe',
      proxyError: 'http_response_timeout',
      code: 'upstream-timeout',
      statusId: 0,
    },
  ],
  'a redirect': [
    reply(307, { ...json, location: '/elsewhere' }, jsonBody),
    { ...broken, sent: 'yes', proxyError: 'http_protocol_error; received-status=307' },
  ],
  'a page in place of JSON': [
    reply(201, { 'content-type': 'text/html' }, '<html>'),
    { ...broken, sent: 'yes', proxyError: 'http_protocol_error; received-status=201' },
  ],
  'words that are no HTTP': [
    bytes('hello\r\n\r\n'),
    { ...broken, sent: 'maybe', proxyError: 'http_protocol_error' },
  ],
  'a giant header section': [
    bytes(head('201 Created', `X-Note: ${'x'.repeat(100_000)}`)),
    { ...broken, sent: 'maybe', proxyError: 'http_response_header_section_size' },
  ],
};

for (const [what, [listener, expected]] of Object.entries(faults)) {
  test(`${what} after a good preflight fails one create, and the next one gets the cluster lock at once`, async (t) => {
    const environment = { PREFLIGHT: 'enforce', UPSTREAM_TIMEOUT_MS: '500' };
    const gateway = await startTestGateway(t, { environment });
    breakCreates(gateway, listener);
    assertFailure(gateway, await gateway.create(), expected);
    await assertNextIsClean(gateway);
  });
}
