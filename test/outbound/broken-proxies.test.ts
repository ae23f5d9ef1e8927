// Whatever an egress proxy does in place of opening a tunnel, it is the proxy that failed, at once or in time, nothing was sent,
// and no connection is left behind.
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { OutboundAgent } from '../../src/outbound/agent.ts';
import { exchange } from '../../src/outbound/exchange.ts';
import { ExchangeError } from '../../src/outbound/failures.ts';
import { until } from '../support/until.ts';

const answering = (text: string) => (socket: Socket) =>
  void socket.once('data', () => void socket.write(text));

const ways: Readonly<Record<string, readonly [proxyError: string, act: (socket: Socket) => void]>> = {
  'closes the connection': ['connection_terminated', (socket) => socket.end()],
  'resets the connection': ['connection_terminated', (socket) => socket.resetAndDestroy()],
  'closes it after CONNECT': [
    'connection_terminated',
    (socket) => void socket.once('data', () => socket.end()),
  ],
  'speaks another protocol': ['http_protocol_error', (socket) => void socket.write('SSH-2.0-x\r\n')],
  'answers 204': ['proxy_configuration_error', answering('HTTP/1.1 204 No Content\r\n\r\n')],
  'answers with an upgrade': [
    'connection_terminated',
    answering('HTTP/1.1 101 x\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n'),
  ],
  'redirects elsewhere': [
    'proxy_configuration_error',
    answering('HTTP/1.1 302 x\r\nLocation: http://other.example/\r\nContent-Length: 0\r\n\r\n'),
  ],
  'answers 403 with a body without end': [
    'proxy_configuration_error',
    answering(`HTTP/1.1 403 x\r\n\r\n${'x'.repeat(100_000)}`),
  ],
  'answers 503': ['destination_unavailable', answering('HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n')],
  'answers with a head that is too long': [
    'http_response_header_section_size',
    answering(`HTTP/1.1 407 x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`),
  ],
  'stops in the middle of its answer': ['connection_timeout', answering('HTTP/1.1 200')],
};

async function startProxy(t: TestContext, act: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
    act(socket);
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as { port: number }).port, connections: () => sockets.size };
}

for (const [what, [proxyError, act]] of Object.entries(ways))
  test(`a proxy that ${what} is what failed, nothing was sent, and no connection is left`, async (t) => {
    const proxy = await startProxy(t, act);
    const httpsProxy = `http://gateway:the-password@127.0.0.1:${proxy.port}`;
    const agent = new OutboundAgent(500, 2, { httpProxy: undefined, httpsProxy, noProxy: '' });
    t.after(() => agent.destroy());
    const request = { method: 'POST', url: new URL('https://0.0.0.0:9/'), headers: {}, body: '{}' } as const;
    const limits = { timeoutMs: 30_000, maxBytes: 1000 };
    const ends = await Promise.allSettled([1, 2, 3].map(() => exchange(agent, request, limits)));
    for (const end of ends) {
      assert.ok(end.status === 'rejected' && end.reason instanceof ExchangeError);
      const { proxyDetails, sent, message, cause } = end.reason;
      assert.deepEqual([end.reason.proxyError, proxyDetails, sent], [proxyError, 'egress-proxy', 'no']);
      assert.ok(!`${message} ${String(cause)}`.includes('the-password'));
    }
    await until('every connection is gone', () => proxy.connections() === 0);
  });
