// The bare limit in its fastest form: undici's `dispatch` with a handler instead of a promise and a stream, the body of the
// request taken from its one chunk, and head and body of the answer in one write. Nothing is checked or logged.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { environment, upstreamConnections } from './environment.ts';

const { port, upstream, serviceToken } = environment();
const pool = new Pool(upstream, { connections: upstreamConnections });
const headers = { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' };

/** Passes the upstream's answer on. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  #status = 502;
  #body: Buffer | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body = this.#body === undefined ? chunk : Buffer.concat([this.#body, chunk]);
  }

  onResponseEnd(): void {
    const bytes = this.#body ?? Buffer.alloc(0);
    const length = String(bytes.length);
    this.#response.writeHead(this.#status, ['content-type', 'application/json', 'content-length', length]);
    // Node writes a head that has not been sent together with the end.
    this.#response.end(bytes);
  }

  onResponseError(): void {
    this.#response.writeHead(502).end();
  }
}

function forward(request: IncomingMessage, response: ServerResponse, body: Buffer | null): void {
  const method = request.method as Dispatcher.HttpMethod;
  pool.dispatch({ method, path: request.url ?? '/', headers, body }, new Answer(response));
}

createServer((request, response) => {
  if (request.method === 'GET') {
    forward(request, response, null);
    return;
  }
  let body: Buffer | undefined;
  request.on('data', (chunk: Buffer) => {
    body = body === undefined ? chunk : Buffer.concat([body, chunk]);
  });
  request.once('end', () => forward(request, response, body ?? null));
  request.once('error', () => response.destroy());
}).listen(port, '127.0.0.1');
