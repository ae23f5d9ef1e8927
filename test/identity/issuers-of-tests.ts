// A gateway that trusts several issuers by `AUTH_ISSUERS_FILE`, and calls with tokens of theirs.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import { allowed, peeringsPath, startTestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Members of an entry of the file; `issuer` is that of the test's issuer unless it is given. */
export type IssuerRules = Readonly<Record<string, unknown>>;

export interface Entry {
  readonly issuer: TestIssuer;
  readonly rules: IssuerRules;
}

export const writeIssuers = (file: string, entries: readonly Entry[]): Promise<void> =>
  writeFile(
    file,
    stringify({ issuers: entries.map(({ issuer, rules }) => ({ issuer: issuer.url, ...rules })) }),
  );

/** An issuer on loopback that ends with the test. */
export async function startIssuerFor(t: TestContext, options?: Parameters<typeof startIssuer>[0]) {
  const issuer = await startIssuer(options);
  t.after(() => issuer.close());
  return issuer;
}

export async function startWithIssuers(
  t: TestContext,
  entries: readonly Entry[],
  options: TestGatewayOptions = {},
) {
  const file = join(temporaryFolder(), 'issuers.yaml');
  await writeIssuers(file, entries);
  const gateway = await startTestGateway(t, {
    ...options,
    issuer: entries[0]?.issuer as TestIssuer,
    environment: {
      AUTH_ISSUERS: '',
      AUTH_AUDIENCE: '',
      AUTH_ISSUERS_FILE: file,
      PREFLIGHT: 'enforce',
      ...options.environment,
    },
  });
  const call = (token: string, method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) =>
    gateway.call({
      method,
      path,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    gateway,
    file,
    call,
    create: (token: string, values: object = {}) =>
      call(token, 'POST', peeringsPath, { ...allowed, ...values }),
  };
}
