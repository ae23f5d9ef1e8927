// The seven answers of the tour: a token, a create that is allowed, one that is denied, one that is invalid, the peering
// until it is active, its delete, and a call without a token.
import { decodeJwt } from 'jose';
import { callGateway } from './gateway-call.ts';
import { requestToken } from './request-token.ts';
import { demoClients } from './service-clients.ts';
import type { Checks, TourPlace, TourStep } from './tour.ts';
import { createAllowed, createDenied, createInvalid } from './tour-creates.ts';
import { deletePeering, waitForPeering } from './tour-peering.ts';
import { showAnswer, showHeader, watchUpstream } from './tour-views.ts';

export const tourSteps: readonly TourStep[] = [
  {
    title: 'A service gets an access token from the identity provider',
    good: 'a signed JWT, as a real OpenID provider makes it',
    run: takeToken,
  },
  {
    title: 'An allowed create goes to Aerospike Cloud',
    good: 'forwarded with the credential of the gateway, intent recorded first',
    run: createAllowed,
  },
  {
    title: 'A create outside the policy is denied',
    good: 'denied with every reason, recorded, nothing sent to Aerospike Cloud',
    run: createDenied,
  },
  {
    title: 'An invalid create is refused',
    good: 'refused with every fault, recorded, nothing sent to Aerospike Cloud',
    run: createInvalid,
  },
  {
    title: 'The service waits until the peering is active',
    good: 'the answer named the next step in AWS, and the peering is active after it',
    run: waitForPeering,
  },
  {
    title: 'The peering is deleted',
    good: 'read, allowed and forwarded, intent recorded first',
    run: deletePeering,
  },
  {
    title: 'A call without a token is refused',
    good: 'refused, not recorded, nothing sent to Aerospike Cloud',
    run: callWithoutToken,
  },
];

async function takeToken(place: TourPlace, checks: Checks): Promise<void> {
  const { parts, terminal, signal } = place;
  const scope = 'read:database update:database delete:database';
  place.token = await requestToken({ issuer: parts.idp.issuer, ...demoClients.payments, scope }, signal);
  const claims = decodeJwt(place.token);
  terminal.field('sub', String(claims.sub));
  terminal.field('scope', String(claims['scope']));
  terminal.field('aud', String(claims.aud));
  const minutes = ((claims.exp ?? 0) - Date.now() / 1_000) / 60;
  terminal.field('expires', `in ${Math.round(minutes)} minutes`);
  checks.equal('sub', claims.sub, 'payments');
  checks.equal('aud', claims.aud, parts.idp.audience);
  checks.equal('scope', claims['scope'], scope);
  checks.expect('a token that lives for a while', minutes > 1, claims.exp);
}

async function callWithoutToken(place: TourPlace, checks: Checks): Promise<void> {
  const { parts, terminal, signal, peeringsUrl } = place;
  const expectUntouched = watchUpstream(place);
  const answer = await callGateway({ url: peeringsUrl, method: 'GET' }, signal);
  showAnswer(terminal, answer);
  showHeader(terminal, answer, 'WWW-Authenticate');
  checks.equal('status', answer.status, 401);
  const challenge = answer.header('WWW-Authenticate');
  checks.expect('WWW-Authenticate: Bearer', /^Bearer\b/.test(challenge ?? ''), challenge);
  const id = answer.header('X-Gateway-Request-Id') ?? 'none';
  // Its log line comes after any record of it, so there is nothing more to wait for once the line is there.
  await parts.output.find(() => parts.output.logs.find((line) => line.includes(id)), 1_000);
  const recorded = parts.output.records.some((record) => record.requestId === id);
  checks.equal('an audit record', recorded, false);
  terminal.field('audit record', recorded ? 'one' : 'none: nobody has been identified');
  expectUntouched(checks);
}
