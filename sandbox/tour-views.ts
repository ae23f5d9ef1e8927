// How the tour shows an answer, its problem and its audit records, and how it looks for what belongs to an answer.
import { STATUS_CODES } from 'node:http';
import { type AuditRecord, linkOf, nameOf, summaryOf } from './audit-record.ts';
import type { GatewayAnswer } from './gateway-call.ts';
import { listOf, memberOf, textOf } from './read-json.ts';
import type { Terminal } from './terminal.ts';
import type { Checks, TourPlace } from './tour.ts';

export const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function showAnswer(terminal: Terminal, answer: GatewayAnswer): void {
  terminal.field('answer', `${answer.status} ${STATUS_CODES[answer.status] ?? ''}`);
}

export function showHeader(terminal: Terminal, answer: GatewayAnswer, name: string): void {
  const value = answer.header(name);
  if (value !== undefined) terminal.field(name, value);
}

/** Shows the records of these codes that belong to the answer, and checks that each of them is there. */
export async function showRecords(
  { parts, terminal }: TourPlace,
  checks: Checks,
  answer: GatewayAnswer,
  eventCodes: readonly string[],
): Promise<readonly AuditRecord[]> {
  const requestId = answer.header('X-Gateway-Request-Id') ?? '';
  const records: AuditRecord[] = [];
  for (const eventCode of eventCodes) {
    const record = await parts.output.findRecord(requestId, eventCode);
    checks.expect(`an audit record ${eventCode} of this request`, record !== undefined);
    if (record === undefined) continue;
    records.push(record);
    terminal.field('audit record', nameOf(record));
    terminal.field('', summaryOf(record));
    terminal.field('', linkOf(record));
  }
  return records;
}

/** Each violation with what would have passed. */
export function showViolations(terminal: Terminal, answer: GatewayAnswer): void {
  for (const violation of listOf(answer.body, 'context', 'violations')) {
    terminal.field(textOf(violation, 'field') ?? '?', textOf(violation, 'code') ?? '?');
    terminal.field('', `allowed: ${listed(memberOf(violation, 'allowed'))}`);
  }
}

/** What a 400 says about the body: what is missing, and what is wrong and why. */
export function showFaults(terminal: Terminal, answer: GatewayAnswer): void {
  for (const field of listOf(answer.body, 'context', 'missing')) terminal.field(String(field), 'missing');
  for (const fault of listOf(answer.body, 'context', 'invalid')) {
    const reason = textOf(fault, 'description') ?? textOf(fault, 'type') ?? 'invalid';
    terminal.field(textOf(fault, 'field') ?? '?', reason);
  }
}

const listed = (allowed: unknown): string =>
  Array.isArray(allowed) ? allowed.join(', ') : (JSON.stringify(allowed) ?? '?');

/** Remembers what the sandbox has seen, and checks later that it has seen nothing since. */
export function watchUpstream({ parts }: TourPlace): (checks: Checks) => void {
  const { cloud } = parts;
  const before = { requests: cloud.requests.length, connections: cloud.connections };
  return (checks) => {
    checks.equal('requests at Aerospike Cloud since', cloud.requests.length - before.requests, 0);
    checks.equal('connections to Aerospike Cloud since', cloud.connections - before.connections, 0);
  };
}

export function showUntouched({ parts, terminal }: TourPlace): void {
  const { requests, connections } = parts.cloud;
  terminal.field('Aerospike Cloud', `still at ${requests.length} requests, ${connections} connections`);
}
