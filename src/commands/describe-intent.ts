// Extracts from an open intent what a person or a program needs to check it upstream. Every member is a string; missing ones
// are question marks.
import type { FoundRecord } from '../audit/record/found-record.ts';
import { memberOf } from '../net/json.ts';

export interface DescribedIntent {
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly action: string;
  readonly subject: string;
  readonly gatewayRequestId: string;
  readonly clusterId: string;
  /** Only for a delete. */
  readonly peeringId: string;
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly accountId: string;
  readonly region: string;
}

export function describeIntent(record: FoundRecord): DescribedIntent {
  const request = memberOf(record['api'], 'request');
  const data = memberOf(request, 'data');
  const code = text(memberOf(record['metadata'], 'event_code'));
  return {
    time: timeOf(record['time']),
    action: code.split('.')[1] ?? code,
    subject: text(memberOf(memberOf(record['actor'], 'user'), 'uid')),
    gatewayRequestId: text(memberOf(request, 'uid')),
    clusterId: text(memberOf(data, 'clusterId')),
    peeringId: text(memberOf(data, 'peeringId')),
    vpcId: text(memberOf(data, 'vpcId')),
    cidrBlock: text(memberOf(data, 'cidrBlock')),
    accountId: text(memberOf(data, 'accountId')),
    region: text(memberOf(data, 'region')),
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '?');

function timeOf(value: unknown): string {
  const date = new Date(typeof value === 'number' ? value : Number.NaN);
  return Number.isNaN(date.getTime()) ? '?' : date.toISOString();
}
