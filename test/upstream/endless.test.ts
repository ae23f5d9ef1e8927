// Answers without end, as fast as the network takes them: the gateway reads a bounded part of each, and gives up the rest.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { assertFailure, assertNextIsClean, breakApi, type Failure, head, marker } from './misbehave.ts';

/** Far above what the gateway may read and what the kernel holds on the way, far below what an endless answer comes to. */
const most = 24 * 1024 * 1024;

interface Flood {
  readonly listener: RequestListener;
  /** What could be written of each answer until the other side had closed the connection. */
  readonly written: number[];
}

function flood(start: string, piece: string): Flood {
  const written: number[] = [];
  const chunk = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)));
  return {
    written,
    listener({ socket }) {
      socket.on('error', () => undefined).once('close', () => written.push(socket.bytesWritten));
      socket.write(start);
      const more = () => {
        while (socket.writable && socket.bytesWritten < 10 * most && socket.write(chunk));
      };
      socket.on('drain', more);
      more();
    },
  };
}

const json = 'Content-Type: application/json';
const line = `X-Note: ${marker}\r\n`;

const endless: Record<string, [start: string, piece: string, Omit<Failure, 'code'>]> = {
  'a body': [
    head('201 Created', json),
    marker,
    { sent: 'yes', proxyError: 'http_response_body_size; received-status=201', statusId: 0 },
  ],
  'a chunked body': [
    head('201 Created', json, 'Transfer-Encoding: chunked'),
    `${marker.length.toString(16)}\r\n${marker}\r\n`,
    { sent: 'yes', proxyError: 'http_response_body_size; received-status=201', statusId: 0 },
  ],
  'a header': [
    'HTTP/1.1 201 Created\r\nX-Note: ',
    marker,
    { sent: 'maybe', proxyError: 'http_response_header_section_size', statusId: 0 },
  ],
  'a header section': [
    'HTTP/1.1 201 Created\r\n',
    line,
    { sent: 'maybe', proxyError: 'http_response_header_section_size', statusId: 0 },
  ],
  'a trailer section': [
    `${head('201 Created', json, 'Transfer-Encoding: chunked')}2\r\n{}\r\n0\r\n`,
    line,
    { sent: 'yes', proxyError: 'http_response_header_section_size; received-status=201', statusId: 0 },
  ],
};

for (const [what, [start, piece, expected]] of Object.entries(endless)) {
  test(`${what} without end is given up after a part that is bounded`, async (t) => {
    const gateway = await startTestGateway(t);
    const { listener, written } = flood(start, piece);
    breakApi(gateway, listener);
    assertFailure(gateway, await gateway.create(), { ...expected, code: 'upstream-broken' });
    await until('the connection is closed', () => written.length > 0);
    assert.ok((written[0] as number) < most, `${written[0]} bytes`);
    await assertNextIsClean(gateway);
  });
}

const withoutSize: Record<string, [start: string, piece: string, sent: 'maybe' | 'yes']> = {
  'interim answers': ['', head('103 Early Hints', `Link: </${marker}>`), 'maybe'],
  'a chunk extension': [`${head('201 Created', json, 'Transfer-Encoding: chunked')}2;note=`, marker, 'yes'],
};

for (const [what, [start, piece, sent]] of Object.entries(withoutSize)) {
  test(`${what} without end, of which nothing has to be kept, take no more than the time that there is`, async (t) => {
    const gateway = await startTestGateway(t, { environment: { UPSTREAM_TIMEOUT_MS: '500' } });
    breakApi(gateway, flood(start, piece).listener);
    const before = process.memoryUsage().rss;
    const answer = await gateway.create();
    assertFailure(gateway, answer, {
      status: 504,
      sent,
      proxyError: `http_response_timeout${sent === 'yes' ? '; received-status=201' : ''}`,
      code: 'upstream-timeout',
      statusId: 0,
    });
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 8 * most, `${grown} bytes more`);
    await assertNextIsClean(gateway);
  });
}
