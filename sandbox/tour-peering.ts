// What the tour does with the peering that it has made: asks what has to be done for it, waits until it is active while that
// is done, and deletes it.
import { callGateway, type GatewayAnswer } from './gateway-call.ts';
import { listOf, memberOf, textOf } from './read-json.ts';
import type { Checks, TourPlace } from './tour.ts';
import { showAnswer, showHeader, showRecords } from './tour-views.ts';

/** Longer than the sandbox takes to ask AWS, and then to provision. */
const waitSeconds = [3, 10] as const;

async function wait(place: TourPlace, seconds: number): Promise<GatewayAnswer> {
  const { terminal, token, signal, peeringsUrl, peeringId } = place;
  const url = new URL(`${peeringsUrl}/${peeringId}?wait=active&timeoutSeconds=${seconds}`);
  terminal.text(`GET …/${peeringId}${url.search}`);
  const answer = await callGateway({ url: url.href, method: 'GET', token }, signal);
  showAnswer(terminal, answer);
  terminal.field('status', textOf(answer.body, 'status') ?? '?');
  return answer;
}

/** Waits until the owner of the VPC has to act in AWS, lets the sandbox act, and waits until the peering is active. */
export async function waitForPeering(place: TourPlace, checks: Checks): Promise<void> {
  const { parts, terminal } = place;
  let answer = await wait(place, waitSeconds[0]);
  checks.equal('status', answer.status, 202);
  checks.equal('peering status', textOf(answer.body, 'status'), 'pending-acceptance');
  showHeader(terminal, answer, 'Retry-After');
  showSteps(place, checks, memberOf(answer.body, 'nextStep'));
  terminal.text('The owner of the VPC does so; the sandbox plays AWS.');
  parts.cloud.accept(place.peeringId);
  answer = await wait(place, waitSeconds[1]);
  checks.equal('status', answer.status, 200);
  checks.equal('peering status', textOf(answer.body, 'status'), 'active');
  const id = textOf(answer.body, 'peeringId');
  terminal.field('peeringId', id ?? '?');
  checks.expect('a peeringId', /^pcx-[0-9a-f]{17}$/.test(id ?? ''), id);
  const [outcome] = await showRecords(place, checks, answer, ['peering.list.outcome']);
  checks.equal('recorded upstream status', outcome?.upstream, 200);
}

/** Of each command what it does: as a whole it would not fit on a terminal. */
function showSteps({ terminal }: TourPlace, checks: Checks, nextStep: unknown): void {
  const steps = [nextStep, ...listOf(nextStep, 'afterwards')];
  const calls = steps.map(
    (step) => /\baws ([a-z0-9]+ [a-z-]+)/.exec(textOf(step, 'command') ?? '')?.[1] ?? '?',
  );
  for (const [index, call] of calls.entries()) terminal.field(index === 0 ? 'nextStep' : '', `aws ${call} …`);
  checks.equal(
    'commands of nextStep',
    calls.join(', '),
    'ec2 accept-vpc-peering-connection, ec2 describe-route-tables, route53 associate-vpc-with-hosted-zone',
  );
}

export async function deletePeering(place: TourPlace, checks: Checks): Promise<void> {
  const { parts, terminal, token, signal, peeringsUrl, peeringId } = place;
  terminal.text(`DELETE …/${peeringId}`);
  const url = `${peeringsUrl}/${peeringId}`;
  const answer = await callGateway({ url, method: 'DELETE', token }, signal);
  showAnswer(terminal, answer);
  showHeader(terminal, answer, 'Proxy-Status');
  checks.equal('status', answer.status, 204);
  const deletes = parts.cloud.requests.filter(({ method }) => method === 'DELETE');
  checks.equal('deletes at Aerospike Cloud', deletes.length, 1);
  const codes = ['peering.delete.intent', 'peering.delete.outcome'];
  const [intent, outcome] = await showRecords(place, checks, answer, codes);
  checks.equal('decision', intent?.effect, 'allow');
  checks.equal('recorded upstream status', outcome?.upstream, 204);
}
