// What one would write: Express with the middleware that every tutorial names, jose's remote key set, zod, and
// undici's fetch. The checks of the policy are there; no audit, no idempotency, no second look.
import express, { type NextFunction, type Request, type Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import helmet from 'helmet';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { pinoHttp } from 'pino-http';
import { fetch } from 'undici';
import { z } from 'zod';
import {
  accountPattern,
  hasScope,
  parseBlock,
  refusal,
  regionPattern,
  scopeOf,
  vpcPattern,
} from './checks.ts';
import { environment } from './environment.ts';

const { port, upstream, serviceToken, issuer, jwksUri, audience, algorithm } = environment();
const keys = createRemoteJWKSet(new URL(jwksUri));

const createBody = z.object({
  vpcId: z.string().regex(new RegExp(vpcPattern)),
  cidrBlock: z.string().refine((text) => parseBlock(text) !== undefined),
  accountId: z.string().regex(new RegExp(accountPattern)),
  region: z.string().regex(new RegExp(regionPattern)),
  isSecureConnection: z.boolean(),
});

async function authenticate(request: Request, response: Response, next: NextFunction): Promise<void> {
  const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
  const options = { issuer, audience, algorithms: [algorithm], requiredClaims: ['exp', 'sub'] };
  const verified = await jwtVerify(token, keys, options).catch(() => undefined);
  if (verified === undefined) response.status(401).json({ error: 'invalid_token' });
  else if (!hasScope(verified.payload['scope'], scopeOf(request.method)))
    response.status(403).json({ error: 'insufficient_scope' });
  else next();
}

async function forward(request: Request, response: Response, body?: string): Promise<void> {
  const answer = await fetch(`${upstream}${request.originalUrl}`, {
    method: request.method,
    headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  response.status(answer.status).json(await answer.json());
}

const app = express();
app.use(helmet());
app.use(pinoHttp());
app.use(rateLimit({ windowMs: 60_000, limit: 1_000_000, standardHeaders: 'draft-8', legacyHeaders: false }));
app.use(express.json({ limit: '16kb' }));
app.use(authenticate);
app.get('/database/clusters/:clusterId/vpc-peerings', (request, response) => forward(request, response));
app.post('/database/clusters/:clusterId/vpc-peerings', async (request, response) => {
  const body = createBody.safeParse(request.body);
  if (!body.success) {
    response.status(400).json({ error: 'invalid body', issues: body.error.issues });
    return;
  }
  const refused = refusal(body.data);
  if (refused === undefined) await forward(request, response, JSON.stringify(body.data));
  else response.status(403).json({ error: refused });
});
app.listen(port, '127.0.0.1');
