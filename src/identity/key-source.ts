// Where an issuer's keys come from: its metadata, a given URL, or a file. Gives the usable keys of a JWK Set (RFC 7517
// section 5) or rejects; refuses redirects, oversized and malformed documents, and metadata that names another issuer.
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import type { IssuerConfig } from '../config/config.ts';
import { parseSecureUrl } from '../net/secure-url.ts';
import { exchange } from '../outbound/exchange.ts';
import { retryAfterOf, StatusError } from '../outbound/failures.ts';
import { retryAfterIn } from '../outbound/retry-after.ts';
import { readRegularFile, readRegularFileSync } from '../regular-file.ts';
import { type UsableKeys, usableKeys } from './usable-keys.ts';

/** Fetches the issuer's current keys. Rejects when they cannot be had; the message is for the log. */
export type KeySource = () => Promise<UsableKeys>;

/** Characters of a wrong issuer that the log gets. */
const maxQuoted = 200;
const limits = { timeoutMs: 5000, maxBytes: 256 * 1024 };

const keySetDocument = z.looseObject({ keys: z.array(z.unknown()) });
const metadataDocument = z.looseObject({ issuer: z.string(), jwks_uri: z.string() });

/** The source that the settings name for this issuer. */
export function keySourceFor(
  { issuer, jwksUri, jwksFile }: Pick<IssuerConfig, 'issuer' | 'jwksUri' | 'jwksFile'>,
  agent: Dispatcher,
): KeySource {
  if (jwksFile !== undefined)
    return async () => readKeySet(parseJson((await readRegularFile(jwksFile)).toString('utf8')));
  if (jwksUri !== undefined) return () => fetchKeySet(agent, jwksUri);
  return async () => fetchKeySet(agent, await discoverKeysUrl(issuer, agent));
}

/** What a file is, if it is no JWK Set; nothing of what it holds. A set without a usable key is one: it is read again later. */
export function keyFileProblem(path: string): string | undefined {
  try {
    keySetDocument.parse(parseJson(readRegularFileSync(path).toString('utf8')));
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) return 'no readable file';
    return error instanceof z.ZodError ? 'JSON that is no JWK Set' : 'a file that is no JSON';
  }
}

/** OpenID Connect Discovery 1.0 section 4, then RFC 8414 section 3. */
async function discoverKeysUrl(issuer: string, agent: Dispatcher): Promise<string> {
  const failures: unknown[] = [];
  for (const url of metadataUrls(issuer)) {
    try {
      const metadata = metadataDocument.parse(await fetchJson(agent, url));
      // OpenID Connect Discovery 1.0 section 4.3, RFC 8414 section 3.3: otherwise one issuer could speak for another.
      if (metadata.issuer !== issuer)
        throw new Error(`the metadata names another issuer: ${quoted(metadata.issuer)}`);
      return metadata.jwks_uri;
    } catch (error) {
      // Its other document would be asked for too soon.
      if (retryAfterOf(error) !== undefined) throw error;
      failures.push(error);
    }
  }
  throw new AggregateError(failures, `no usable metadata: ${failures.map(String).join('; ')}`);
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, maxQuoted).toWellFormed());

function metadataUrls(issuer: string): URL[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    new URL(`${origin}${path}/.well-known/openid-configuration`),
    new URL(`${origin}/.well-known/oauth-authorization-server${path}`),
  ];
}

async function fetchKeySet(agent: Dispatcher, text: string): Promise<UsableKeys> {
  const url = parseSecureUrl(text);
  if (url === undefined) throw new Error('the URL of the keys is neither https nor of this machine');
  return readKeySet(await fetchJson(agent, url));
}

const readKeySet = async (value: unknown): Promise<UsableKeys> =>
  await usableKeys(keySetDocument.parse(value).keys);

async function fetchJson(agent: Dispatcher, url: URL): Promise<unknown> {
  const request = { method: 'GET', url, headers: { accept: 'application/json' } } as const;
  const { status, headers, body } = await exchange(agent, request, limits);
  if (status !== 200)
    throw new StatusError(`the document was answered with status ${status}`, retryAfterIn(headers));
  return parseJson(body.toString('utf8'));
}

/** What the parser says would quote the text, in which there may be a private key by mistake. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the document is not valid JSON');
  }
}
