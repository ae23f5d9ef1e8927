// The three creates of the tour: one that the policy allows, one that it denies for two reasons at once, and one that
// is no valid request in three ways. Only the first may reach Aerospike Cloud, and each of them has its record.
import { callGateway, type GatewayAnswer } from './gateway-call.ts';
import { listOf, textOf } from './read-json.ts';
import type { Checks, TourPlace } from './tour.ts';
import {
  showAnswer,
  showFaults,
  showHeader,
  showRecords,
  showUntouched,
  showViolations,
  uuidPattern,
  watchUpstream,
} from './tour-views.ts';

export const allowedCreate = {
  vpcId: 'vpc-0123456789abcdef0',
  cidrBlock: '10.20.4.0/22',
  accountId: '111122223333',
  region: 'us-east-1',
  isSecureConnection: true,
};

export const deniedCreate = { ...allowedCreate, cidrBlock: '192.0.2.0/24', region: 'eu-central-1' };

const { accountId: _missing, ...withoutAccount } = allowedCreate;
const invalidCreate = { ...withoutAccount, cidrBlock: '10.20.4.1/22', comment: 'please' };

async function create(place: TourPlace, body: Readonly<Record<string, unknown>>): Promise<GatewayAnswer> {
  const { terminal, token, signal, peeringsUrl } = place;
  terminal.text(`POST ${new URL(peeringsUrl).pathname}`);
  for (const [name, value] of Object.entries(body)) terminal.field(`  ${name}`, String(value));
  const answer = await callGateway({ url: peeringsUrl, method: 'POST', token, body }, signal);
  showAnswer(terminal, answer);
  return answer;
}

export async function createAllowed(place: TourPlace, checks: Checks): Promise<void> {
  const { parts, terminal } = place;
  const answer = await create(place, allowedCreate);
  const id = textOf(answer.body, 'id');
  place.peeringId = id ?? '';
  terminal.field('id', id ?? '?');
  terminal.field('status', textOf(answer.body, 'status') ?? '?');
  for (const name of ['X-Request-Id', 'X-Gateway-Request-Id', 'Proxy-Status']) {
    showHeader(terminal, answer, name);
  }
  checks.equal('status', answer.status, 201);
  checks.expect('an id', id !== undefined, answer.body);
  checks.equal('peering status', textOf(answer.body, 'status'), 'initiating-request');
  const gatewayId = answer.header('X-Gateway-Request-Id');
  checks.expect('X-Gateway-Request-Id to be a UUID', uuidPattern.test(gatewayId ?? ''), gatewayId);
  const proxyStatus = answer.header('Proxy-Status');
  checks.expect(
    'Proxy-Status with received-status=201',
    /received-status=201/.test(proxyStatus ?? ''),
    proxyStatus,
  );
  const creates = parts.cloud.requests.filter(
    (seen) => seen.method === 'POST' && seen.path.startsWith('/v1/'),
  );
  checks.equal('creates at Aerospike Cloud', creates.length, 1);
  checks.equal("X-Request-Id, Aerospike Cloud's", answer.header('X-Request-Id'), creates[0]?.requestId ?? '');
  const leaked = JSON.stringify(parts.cloud.requests).includes(place.token);
  checks.expect("the caller's token to stay inside the gateway", !leaked);
  const codes = ['peering.create.intent', 'peering.create.outcome'];
  const [intent, outcome] = await showRecords(place, checks, answer, codes);
  checks.equal('decision', intent?.effect, 'allow');
  checks.equal('recorded upstream status', outcome?.upstream, 201);
  checks.expect('the intent before the outcome', (intent?.sequence ?? 0) < (outcome?.sequence ?? 0));
}

export async function createDenied(place: TourPlace, checks: Checks): Promise<void> {
  const expectUntouched = watchUpstream(place);
  const answer = await create(place, deniedCreate);
  showViolations(place.terminal, answer);
  showHeader(place.terminal, answer, 'Proxy-Status');
  checks.equal('status', answer.status, 403);
  const codes = listOf(answer.body, 'context', 'violations').map((violation) => textOf(violation, 'code'));
  checks.equal('violations', codes.toSorted().join(' '), 'cidr_not_allowed region_not_allowed');
  const [refused] = await showRecords(place, checks, answer, ['peering.create.refused']);
  checks.equal('decision', refused?.effect, 'deny');
  expectUntouched(checks);
  showUntouched(place);
}

export async function createInvalid(place: TourPlace, checks: Checks): Promise<void> {
  const expectUntouched = watchUpstream(place);
  const answer = await create(place, invalidCreate);
  showFaults(place.terminal, answer);
  checks.equal('status', answer.status, 400);
  checks.equal('missing', listOf(answer.body, 'context', 'missing').join(' '), '/accountId');
  const invalid = listOf(answer.body, 'context', 'invalid').map((fault) => textOf(fault, 'field'));
  checks.equal('invalid', invalid.toSorted().join(' '), '/cidrBlock /comment');
  await showRecords(place, checks, answer, ['peering.create.refused']);
  expectUntouched(checks);
  showUntouched(place);
}
