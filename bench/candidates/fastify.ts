// Fastify as its own documents say: schema validation, reply-from, rate limit, its own logger, and fast-jwt with its cache
// of verified tokens. It reads the key once, at its start, which is cheaper than finding it for each token.

import { createPublicKey, type JsonWebKey } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import replyFrom from '@fastify/reply-from';
import { createVerifier } from 'fast-jwt';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import {
  accountPattern,
  type CreateBody,
  hasScope,
  largestBody,
  refusal,
  regionPattern,
  scopeOf,
  vpcPattern,
} from './checks.ts';
import { environment, upstreamConnections } from './environment.ts';

const { port, upstream, serviceToken, issuer, jwksUri, audience, algorithm } = environment();

async function publicKey(): Promise<string> {
  const { keys } = (await (await fetch(jwksUri)).json()) as { keys: [JsonWebKey] };
  return createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' }) as string;
}

const verify = createVerifier({
  key: await publicKey(),
  algorithms: [algorithm as 'RS256'],
  allowedIss: issuer,
  allowedAud: audience,
  requiredClaims: ['exp', 'sub'],
  cache: true,
});

declare module 'fastify' {
  interface FastifyRequest {
    subject: string;
  }
}

function authenticate(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  let claims: { sub: string; scope?: unknown };
  try {
    claims = verify(token);
  } catch {
    reply.code(401).send({ error: 'invalid_token' });
    return;
  }
  if (hasScope(claims.scope, scopeOf(request.method))) {
    request.subject = claims.sub;
    done();
  } else reply.code(403).send({ error: 'insufficient_scope' });
}

const body = {
  type: 'object',
  required: ['vpcId', 'cidrBlock', 'accountId', 'region', 'isSecureConnection'],
  additionalProperties: false,
  properties: {
    vpcId: { type: 'string', pattern: vpcPattern },
    cidrBlock: { type: 'string', pattern: '^(\\d{1,3}\\.){3}\\d{1,3}/\\d{1,2}$' },
    accountId: { type: 'string', pattern: accountPattern },
    region: { type: 'string', pattern: regionPattern },
    isSecureConnection: { type: 'boolean' },
  },
};

const authorization = `Bearer ${serviceToken}`;
const rewriteRequestHeaders = () => ({ authorization, 'content-type': 'application/json' });

// One line a request, made at its end, where the defaults of both would be four.
const app = fastify({ logger: true, disableRequestLogging: true, bodyLimit: largestBody });
app.decorateRequest('subject', '');
app.addHook('onResponse', (request, reply, done) => {
  const { method, url, subject } = request;
  request.log.info(
    { method, url, subject, status: reply.statusCode, durationMs: reply.elapsedTime },
    'served',
  );
  done();
});
app.addHook('onRequest', authenticate);
await app.register(rateLimit, {
  ...{ max: 1_000_000, timeWindow: 60_000, hook: 'preHandler' },
  keyGenerator: (request) => request.subject,
});
await app.register(replyFrom, {
  base: upstream,
  undici: { connections: upstreamConnections },
  disableRequestLogging: true,
});

const route = '/database/clusters/:clusterId/vpc-peerings';
app.get(route, (request, reply) => reply.from(request.url, { rewriteRequestHeaders }));
app.post<{ Body: CreateBody }>(route, { schema: { body } }, (request, reply) => {
  const refused = refusal(request.body);
  if (refused !== undefined) return reply.code(403).send({ error: refused });
  return reply.from(request.url, { rewriteRequestHeaders, body: request.body });
});
await app.listen({ port, host: '127.0.0.1' });
