// Creates whose bytes and headers a test decides, with a good token.
import { peeringsPath, type Reply, type TestGateway } from './gateway.ts';

/** No limit on the number of requests: a table of cases is one caller in one minute. */
export const unlimited = { RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_ADDRESS_PER_MINUTE: '0' };

export interface PostOptions {
  readonly headers?: Record<string, string>;
  readonly path?: string;
}

/** A header that is the empty string is left out. */
export async function post(
  gateway: TestGateway,
  body: string | Buffer,
  { headers = {}, path = peeringsPath }: PostOptions = {},
): Promise<Reply> {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const all = { authorization, 'content-type': 'application/json', ...headers };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
  return await gateway.call({ method: 'POST', path, headers: given, body });
}

/** The refusal of a create that is not a valid request of a good caller. */
export const invalidCreate = {
  status: 400,
  type: 'validation:failed',
  recorded: 'request-invalid',
  operation: 'create',
  subject: 'svc-payments',
} as const;
