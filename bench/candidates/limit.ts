// The bare limit: node:http in front, undici's Pool behind, the service credential put in, and nothing checked or
// logged. No program on this platform that reads a request and sends one can be much faster.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type Dispatcher, Pool } from 'undici';
import { environment, upstreamConnections } from './environment.ts';

const { port, upstream, serviceToken } = environment();
const pool = new Pool(upstream, { connections: upstreamConnections });
const headers = { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' };

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.once('error', reject);
  });
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = request.method === 'GET' ? null : await readBody(request);
  const answer = await pool.request({
    method: request.method as Dispatcher.HttpMethod,
    path: request.url ?? '/',
    headers,
    body,
  });
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  response.writeHead(answer.statusCode, {
    'content-type': 'application/json',
    'content-length': bytes.length,
  });
  response.end(bytes);
}

createServer((request, response) => {
  serve(request, response).catch(() => response.writeHead(502).end());
}).listen(port, '127.0.0.1');
