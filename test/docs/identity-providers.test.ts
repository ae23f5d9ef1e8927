// Every section of docs/identity-providers.md is tried as it stands: a running issuer signs the documented claims, the gateway
// has the documented settings and policy, and what differs is refused.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { startIdentityProvider } from '../../sandbox/identity-provider.ts';
import type { SigningAlgorithm } from '../../sandbox/provider-setup.ts';
import { requestToken } from '../../sandbox/request-token.ts';
import { allowed, guardrailsOnly, startTestGateway } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { readText } from './documents.ts';

type Claims = Record<string, unknown>;

interface IssuerEntry {
  readonly issuer: string;
  readonly clients?: unknown;
  readonly algorithms?: readonly SigningAlgorithm[];
}

interface Condition {
  readonly claim: string;
  readonly all?: readonly Condition[];
}

interface Grant {
  readonly callers: readonly Condition[];
}

interface Section {
  readonly title: string;
  readonly entry: IssuerEntry;
  readonly claims: Claims;
  /** `callers`, and perhaps `accounts`, of a grant. */
  readonly grant: Grant;
  readonly environment: Record<string, string>;
}

const sections = readText('docs/identity-providers.md')
  .split(/^## /m)
  .slice(1)
  .map((text): Section => {
    const blocks = (language: string) =>
      [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
        ([, block = '']) => block,
      );
    const [issuers, grant] = blocks('yaml').map((block) => parse(block)) as [
      { readonly issuers: readonly [IssuerEntry] },
      Grant,
    ];
    assert.equal(issuers.issuers.length, 1, text);
    return {
      title: text.slice(0, text.indexOf('\n')),
      entry: issuers.issuers[0],
      claims: JSON.parse(blocks('json')[0] ?? ''),
      grant,
      environment: Object.fromEntries(
        (blocks('ini')[0]?.trim().split('\n') ?? []).map((line) => line.split('=') as [string, string]),
      ),
    };
  });

interface RunningIssuer {
  readonly url: string;
  /** A token with these claims, and the `iss` that they name. */
  sign(claims: Claims): Promise<string>;
}

/** oidc-provider, with a client for each token that is asked for. It makes none without `aud`. */
async function startProvider(t: TestContext, variants: readonly Claims[], algorithm: SigningAlgorithm) {
  const clients = variants.map((claims, index) => ({
    clientId: `client-${index}`,
    clientSecret: `secret-${index}`,
    scopes: ['unused'],
    claims: { scope: undefined, client_id: undefined, ...claims },
  }));
  const provider = await startIdentityProvider({ algorithm, clients: clients as never });
  t.after(() => provider.close());
  return {
    url: provider.issuer,
    sign: (claims: Claims) => {
      const client = clients[variants.indexOf(claims)];
      assert.ok(client !== undefined);
      return requestToken({ issuer: provider.issuer, ...client, scope: undefined as never });
    },
  };
}

async function startPlainIssuer(t: TestContext): Promise<RunningIssuer> {
  const issuer = await startIssuer({ alg: 'RS256' });
  t.after(() => issuer.close());
  const nothing = { aud: undefined, scope: undefined, client_id: undefined };
  return { url: issuer.url, sign: (claims) => issuer.sign({ ...nothing, ...claims }) };
}

/** The documented value with the running issuer in place of the documented one. */
const at = <T>(value: T, from: string, to: string): T =>
  JSON.parse(JSON.stringify(value).replaceAll(from, to)) as T;

const conditionsOf = (grant: Grant): Condition[] => grant.callers.flatMap((caller) => caller.all ?? [caller]);

/** The claims with one of them changed, so that a condition does not match any more. */
function differing(claims: Claims, pointer: string): Claims {
  const copy = structuredClone(claims);
  const path = pointer.startsWith('/')
    ? pointer
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [pointer];
  const last = path.pop() as string;
  const holder = path.reduce((value, key) => value[key] as Claims, copy);
  holder[last] = Array.isArray(holder[last]) ? ['another'] : 'another';
  return copy;
}

async function startGateway(t: TestContext, section: Section, url: string) {
  const { entry, grant, environment } = at(section, section.entry.issuer, url);
  const file = join(temporaryFolder(), 'issuers.yaml');
  await writeFile(file, stringify({ issuers: [entry] }));
  const policy = `${guardrailsOnly}grants: ${JSON.stringify([{ id: 'documented', actions: ['create'], ...grant }])}\n`;
  const settings = { AUTH_ISSUERS: '', AUTH_AUDIENCE: '', AUTH_ISSUERS_FILE: file, PREFLIGHT: 'enforce' };
  const gateway = await startTestGateway(t, { policy, environment: { ...settings, ...environment } });
  return async (token: string) => {
    const { status } = await gateway.create(allowed, { authorization: `Bearer ${token}` });
    return { status, record: gateway.records.at(-1) };
  };
}

for (const section of sections) {
  test(`${section.title}: the documented token is accepted, and one that differs is refused`, async (t) => {
    const { entry, claims, grant } = section;
    const conditions = conditionsOf(grant).filter(({ claim }) => claim !== 'iss');
    assert.ok(conditions.length > 0);
    const unaccepted =
      entry.clients === undefined
        ? [{ ...claims, aud: 'another' }]
        : [
            { ...claims, client_id: 'another' },
            { ...claims, aud: claims['client_id'] },
            { ...claims, token_use: 'id' },
          ];
    const unmatched = conditions.map(({ claim }) => differing(claims, claim));
    const variants: readonly Claims[] = [claims, ...unaccepted, ...unmatched];
    const algorithm = (entry.algorithms?.[0] ??
      (section.title.startsWith('SPIFFE') ? 'ES256' : 'RS256')) as SigningAlgorithm;
    const needsNoAudience = entry.clients !== undefined;
    // The issuer's own `iss` takes the place of the documented one.
    const issued = variants.map(({ iss: _, ...others }) => others);
    const start = () => (needsNoAudience ? startPlainIssuer(t) : startProvider(t, issued, algorithm));
    const [issuer, other] = [await start(), await start()];
    const create = await startGateway(t, section, issuer.url);
    const sign = (from: RunningIssuer, variant: Claims) =>
      from.sign(issued[variants.indexOf(variant)] as Claims);

    const { status, record } = await create(await sign(issuer, claims));
    assert.equal(status, 201);
    assert.equal(record?.unmapped.decision.grant, 'documented');
    const client = claims['client_id'] ?? claims['azp'] ?? claims['cid'] ?? claims['appid'];
    assert.equal(record?.actor.app_uid, client);
    assert.equal((await create(await sign(other, claims))).status, 401, 'of another issuer');
    for (const variant of unaccepted)
      assert.equal((await create(await sign(issuer, variant))).status, 401, JSON.stringify(variant));
    for (const [index, variant] of unmatched.entries()) {
      const refused = await create(await sign(issuer, variant));
      // The condition of Cognito is on the client, which no token of another client gets as far as.
      const expected = conditions[index]?.claim === 'client_id' ? 401 : 403;
      assert.equal(refused.status, expected, JSON.stringify(variant));
    }
  });
}

test('the guide has the providers that it promises', () => {
  const titles = sections.map(({ title }) => title).join('\n');
  for (const name of [
    'Entra',
    'Okta',
    'Auth0',
    'Keycloak',
    'Cognito',
    'Kubernetes',
    'SPIFFE',
    'AWS',
    'GitHub',
  ])
    assert.match(titles, new RegExp(name));
});
