// The bare limit with what a gateway cannot leave out, by hand and nothing more: the signature and claims by jose, the
// scope, the body's members, the policy, one log line. No token is remembered.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { pino } from 'pino';
import { type Dispatcher, Pool } from 'undici';
import { bodyFault, type CreateBody, hasScope, largestBody, refusal, scopeOf } from './checks.ts';
import { environment, upstreamConnections } from './environment.ts';

const { port, upstream, serviceToken, issuer, jwksUri, audience, algorithm } = environment();
const pool = new Pool(upstream, { connections: upstreamConnections });
const headers = { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' };
const keys = createRemoteJWKSet(new URL(jwksUri));
const logger = pino();

interface Reply {
  readonly status: number;
  readonly body: Buffer | string;
  readonly subject?: string | undefined;
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > largestBody) reject(new Error('too large'));
      else chunks.push(chunk);
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.once('error', reject);
  });
}

const problem = (status: number, detail: string, subject?: string): Reply => ({
  status,
  body: JSON.stringify({ status, detail }),
  subject,
});

async function reply(request: IncomingMessage): Promise<Reply> {
  const method = request.method ?? '';
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const verified = await jwtVerify(token, keys, {
    ...{ issuer, audience, algorithms: [algorithm], requiredClaims: ['exp', 'sub'] },
  }).catch(() => undefined);
  if (verified === undefined) return problem(401, 'the token is not valid');
  const { sub: subject, scope } = verified.payload as { sub: string; scope?: unknown };
  if (!hasScope(scope, scopeOf(method))) return problem(403, 'the scope is missing', subject);
  let body: string | null = null;
  if (method === 'POST') {
    const text = await readBody(request);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return problem(400, 'not JSON', subject);
    }
    const fault = bodyFault(value);
    if (fault !== undefined) return problem(400, fault, subject);
    const refused = refusal(value as CreateBody);
    if (refused !== undefined) return problem(403, refused, subject);
    body = JSON.stringify(value);
  }
  const path = request.url ?? '/';
  const answer = await pool.request({ method: method as Dispatcher.HttpMethod, path, headers, body });
  return { status: answer.statusCode, body: Buffer.from(await answer.body.arrayBuffer()), subject };
}

createServer((request, response: ServerResponse) => {
  const startedAt = performance.now();
  reply(request)
    .catch(() => problem(502, 'the upstream failed'))
    .then(({ status, body, subject }) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
      const { method, url } = request;
      logger.info({ method, url, status, subject, durationMs: performance.now() - startedAt }, 'served');
    });
}).listen(port, '127.0.0.1');
