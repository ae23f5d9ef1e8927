// One TCP connection on which a test writes whatever bytes it likes and reads the answers one by one. Every wait is
// bounded: an answer that does not come is a failure, never a hang.
import { connect, type Socket } from 'node:net';
import type { Reply } from './gateway.ts';

/** Longer than any time limit of the gateway, so that its own answer comes first. */
const patienceMs = 25_000;

export interface RawConnection {
  write(data: string | Buffer): void;
  /** Says that nothing more will be sent; answers can still be read. */
  end(): void;
  /** Hangs up. */
  destroy(): void;
  /** The next answer, whole. `method` is the one that was asked with: an answer to HEAD has no body. */
  answer(method?: string): Promise<Reply>;
  /** Resolves, when the other side has closed the connection, to everything that no `answer` has taken. */
  rest(): Promise<string>;
}

/** `localAddress`: the client's, of loopback. */
export async function openRaw(port: number, localAddress = '127.0.0.1'): Promise<RawConnection> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  const state: Incoming = { buffer: Buffer.alloc(0), ended: false, wake: () => undefined };
  socket.on('data', (chunk: Buffer) => {
    state.buffer = Buffer.concat([state.buffer, chunk]);
    state.wake();
  });
  const end = () => {
    state.ended = true;
    state.wake();
  };
  socket.on('end', end);
  // A reset is an end, too: what has arrived before it counts.
  socket.on('error', end);
  socket.on('close', end);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return connectionOn(socket, state);
}

/** Writes all of it on a connection of its own and gives the first answer. */
export async function sendRaw(port: number, data: string | Buffer, method?: string): Promise<Reply> {
  const connection = await openRaw(port);
  connection.write(data);
  try {
    return await connection.answer(method);
  } finally {
    connection.destroy();
  }
}

/** A request head: request line and fields, with the empty line that ends it. */
export const head = (requestLine: string, fields: Readonly<Record<string, string>> = {}): string =>
  `${[requestLine, 'Host: gateway.test', ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`;

interface Incoming {
  buffer: Buffer;
  ended: boolean;
  wake: () => void;
}

function connectionOn(socket: Socket, state: Incoming): RawConnection {
  /** Calls `take` whenever something has arrived, until it gives a value. */
  const until = <T>(what: string, take: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${what} did not come in time`)), patienceMs);
      state.wake = () => {
        const value = take();
        if (value === undefined && !state.ended) return;
        clearTimeout(timer);
        state.wake = () => undefined;
        if (value === undefined) reject(new Error(`the connection ended before ${what} had come`));
        else resolve(value);
      };
      state.wake();
    });
  return {
    write: (data) => void socket.write(data),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    answer: (method = 'GET') =>
      until('an answer', () => {
        const found = takeAnswer(state.buffer, method);
        if (found !== undefined) state.buffer = state.buffer.subarray(found.length);
        return found?.reply;
      }),
    rest: () => until('the end', () => (state.ended ? state.buffer.toString('latin1') : undefined)),
  };
}

/** The answer at the start of the buffer, once all of it is there. */
function takeAnswer(buffer: Buffer, method: string): { reply: Reply; length: number } | undefined {
  const headEnd = buffer.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine = '', ...lines] = buffer.subarray(0, headEnd).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  const bodiless = method === 'HEAD' || status < 200 || status === 204;
  const bodyLength = bodiless ? 0 : Number(headers['content-length']);
  const length = headEnd + 4 + bodyLength;
  if (buffer.length < length) return undefined;
  const text = buffer.subarray(headEnd + 4, length).toString('utf8');
  const isJson = /json/.test(headers['content-type'] ?? '') && text !== '';
  return { reply: { status, headers, text, json: isJson ? JSON.parse(text) : undefined }, length };
}
