// A refused token can be diagnosed: the answer names the failed check, and the log line has what it takes to find the cause,
// bounded, and never the token.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { generateKeyPair, SignJWT } from 'jose';
import { startIssuer, type TestIssuer } from '../support/issuer.ts';
import type { LogLine } from '../support/log-line.ts';
import { until } from '../support/policy-files.ts';
import { startIssuerFor, startWithIssuers } from './issuers-of-tests.ts';

type Claims = Record<string, unknown>;
interface Refusal {
  readonly claims?: Claims;
  readonly header?: Claims;
  readonly rules?: Claims;
  readonly expected?: unknown;
  readonly detail: RegExp;
}

const past = Math.floor(Date.now() / 1000) - 3600;
const refusals: Readonly<Record<string, Refusal>> = {
  audience: { claims: { aud: ['a', 'b'] }, expected: ['peergate', 'api://peergate'], detail: /\(aud\)/ },
  expired: { claims: { exp: past }, detail: /has expired/ },
  'not-yet-valid': { claims: { nbf: past + 7200 }, detail: /not valid yet/ },
  'missing-claim': { claims: { exp: undefined }, expected: 'exp', detail: /lacks the claim exp/ },
  subject: { claims: { sub: 'é'.repeat(257) }, detail: /\(sub\)/ },
  'sender-bound': { claims: { cnf: {} }, detail: /\(cnf\)/ },
  key: { header: { kid: 'unknown' }, detail: /\(kid\)/ },
  algorithm: { rules: { algorithms: ['RS256'] }, expected: ['RS256'], detail: /\(alg\)/ },
  type: { header: { typ: 'JWT' }, rules: { tokenType: 'at+jwt' }, expected: 'at+jwt', detail: /\(typ\)/ },
  time: { claims: { nbf: '1e309' }, detail: /has a claim that is not acceptable/ },
};

/** Of the request that was refused last. */
async function lastLine(gateway: { readonly logs: LogLine[] }): Promise<LogLine> {
  return await until('the request is logged', () =>
    gateway.logs.findLast(({ msg }) => msg === 'request served'),
  );
}

async function refuse(t: TestContext, issuer: TestIssuer, rules: Claims, token: string) {
  const { gateway, create } = await startWithIssuers(t, [{ issuer, rules }]);
  const { status, json, headers } = await create(token);
  assert.equal(status, 401);
  const line = await lastLine(gateway);
  const signature = token.split('.')[2] ?? '';
  const everything = JSON.stringify(gateway.logs) + JSON.stringify(json) + JSON.stringify(headers);
  assert.ok(!everything.includes(signature) && !everything.includes(token));
  return { json, line, gateway };
}

for (const [reason, { claims, header, rules, expected, detail }] of Object.entries(refusals)) {
  test(`the failed check "${reason}" is named in answer and log`, async (t) => {
    const issuer = await startIssuerFor(t);
    const token = await issuer.sign({ aud: 'peergate', ...claims }, header);
    const audiences = ['peergate', 'api://peergate'];
    const { json, line } = await refuse(t, issuer, { audiences, ...rules }, token);
    assert.match(json.detail, detail);
    assert.equal(line.reason, reason === 'time' ? 'claim' : reason);
    assert.equal(line.iss, issuer.url);
    assert.deepEqual(line.aud, claims?.['aud'] ?? 'peergate');
    assert.equal(line.alg, 'ES256');
    assert.equal(line.kid, header?.['kid'] ?? issuer.keys[0]?.kid);
    if (expected !== undefined) assert.deepEqual(line.expected, expected);
  });
}

test('a token of an unknown issuer is logged with the issuers that are known, and makes no request', async (t) => {
  const [issuer, other] = [await startIssuerFor(t), await startIssuer({ path: '/other' })];
  t.after(() => other.close());
  const { json, line } = await refuse(t, issuer, { audiences: ['a'] }, await other.sign({ aud: 'a' }));
  assert.match(json.detail, /\(iss\)/);
  assert.deepEqual([line.reason, line.iss, line.expected], ['issuer', other.url, [issuer.url]]);
  assert.deepEqual(other.requests, []);
});

test('a signature by another key is named, of a token without a kid as well', async (t) => {
  const issuer = await startIssuerFor(t);
  const { privateKey } = await generateKeyPair('ES256');
  const forge = (kid: string | undefined) =>
    new SignJWT({ iss: issuer.url, aud: 'a', sub: 's', exp: past + 7200 })
      .setProtectedHeader({ alg: 'ES256', ...(kid === undefined ? {} : { kid }) })
      .sign(privateKey);
  for (const kid of [issuer.keys[0]?.kid, undefined]) {
    const { json, line } = await refuse(t, issuer, { audiences: ['a'] }, await forge(kid));
    assert.match(json.detail, /signature/);
    assert.equal(line.reason, 'signature');
  }
});

test('what a token says of itself is logged within bounds, whatever it is', async (t) => {
  const issuer = await startIssuerFor(t);
  const hostile = {
    aud: [{ toString: 1 }, 'x'.repeat(3000), '\ud800', ...Array.from({ length: 50 }, () => 'y')],
    iss: issuer.url,
  };
  const token = await issuer.sign(hostile, { kid: `k${'z'.repeat(2000)}` });
  const { line } = await refuse(t, issuer, { audiences: ['peergate'] }, token);
  assert.equal(line.reason, 'key');
  assert.equal(line.kid.length, 200);
  const good = await issuer.sign(hostile);
  const second = await refuse(t, issuer, { audiences: ['peergate'] }, good);
  assert.equal(second.line.aud.length, 10);
  assert.equal(second.line.aud[0], '(object)');
  assert.equal(second.line.aud[1]?.length, 200);
  assert.ok(JSON.stringify(second.line).length < 4096);
});

test('a token that is none, or a header that is no bearer token, is named, too', async (t) => {
  const issuer = await startIssuerFor(t);
  const { gateway, call } = await startWithIssuers(t, [{ issuer, rules: { audiences: ['a'] } }]);
  assert.match((await call('no-jwt', 'GET', '/policy/effective')).json.detail, /not a signed JWT/);
  assert.equal((await lastLine(gateway)).reason, 'malformed');
});

test('an issuer whose metadata names another one is logged with the name that it gave', async (t) => {
  const issuer = await startIssuerFor(t);
  issuer.takeover = (_request, response) =>
    response.end(JSON.stringify({ issuer: `${issuer.url}/`, jwks_uri: `${issuer.url}/jwks` }));
  const { gateway } = await startWithIssuers(t, [{ issuer, rules: { audiences: ['a'] } }]);
  const line = await until('the fetch has failed', () =>
    gateway.logs.find(({ msg }) => msg === 'keys of an issuer could not be fetched'),
  );
  assert.equal(line.issuer, issuer.url);
  assert.ok(line.err.message.includes(`another issuer: ${JSON.stringify(`${issuer.url}/`)}`));
});
