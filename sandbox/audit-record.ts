// An audit record of the gateway, reduced to what fits on a terminal. Anything that is missing from the record is
// missing here too; no record, however odd, stops the demo.
import { listOf, memberOf, numberOf, textOf } from './read-json.ts';

export interface AuditRecord {
  readonly eventCode: string;
  readonly sequence: number | undefined;
  /** The verified caller's subject. */
  readonly who: string | undefined;
  /** The policy's: `allow` or `deny`. */
  readonly effect: string | undefined;
  readonly violations: readonly string[];
  /** What the caller got. */
  readonly answered: number | undefined;
  /** What Aerospike Cloud said. */
  readonly upstream: number | undefined;
  readonly statusCode: string | undefined;
  /** Fingerprint of the record before, as this one states it. */
  readonly previous: string | undefined;
  /** The `X-Gateway-Request-Id` of the answer. */
  readonly requestId: string | undefined;
}

const apiActivityClass = 6003;

/** `undefined` when it is no audit record. */
export function readAuditRecord(line: unknown): AuditRecord | undefined {
  if (memberOf(line, 'class_uid') !== apiActivityClass) return undefined;
  return {
    eventCode: textOf(line, 'metadata', 'event_code') ?? 'unknown event',
    sequence: numberOf(line, 'metadata', 'sequence'),
    who: textOf(line, 'actor', 'user', 'uid'),
    effect: textOf(line, 'unmapped', 'decision', 'effect'),
    violations: listOf(line, 'unmapped', 'decision', 'violations').map(
      (violation) => textOf(violation, 'code') ?? 'unknown',
    ),
    answered: numberOf(line, 'http_response', 'code'),
    upstream: numberOf(line, 'api', 'response', 'code'),
    statusCode: textOf(line, 'status_code'),
    previous: textOf(listOf(line, 'attestation_list')[0], ...['prev_event', 'fingerprint', 'value']),
    requestId: textOf(line, 'metadata', 'correlation_uid') ?? textOf(line, 'api', 'request', 'uid'),
  };
}

/** `#7 peering.create.refused` */
export function nameOf(record: AuditRecord): string {
  return `#${record.sequence ?? '?'} ${record.eventCode}`;
}

/** `payments · deny: region_not_allowed · answered 403` */
export function summaryOf(record: AuditRecord): string {
  const { effect, violations, answered, upstream, statusCode } = record;
  const unexplained = effect === undefined && upstream === undefined;
  const refusedAs = unexplained && statusCode !== undefined ? [statusCode] : [];
  return [
    record.who ?? 'no verified caller',
    ...(effect === undefined ? [] : [violations.length > 0 ? `${effect}: ${violations.join(', ')}` : effect]),
    ...refusedAs,
    ...(upstream === undefined ? [] : [`upstream ${upstream}`]),
    ...(answered === undefined ? [] : [`answered ${answered}`]),
  ].join(' · ');
}

/** `previous 3fa9c1d207be…` */
export function linkOf(record: AuditRecord): string {
  return record.previous === undefined ? 'not chained' : `previous ${record.previous.slice(0, 16)}…`;
}
