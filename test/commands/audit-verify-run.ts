// `audit verify` as a script or a person calls it, in this process, and logs for it to read.
import { intentEvent, outcomeEvent } from '../../src/audit/record/request-events.ts';
import { createPeering } from '../../src/operations/create-peering/create-peering.ts';
import { deletePeering } from '../../src/operations/delete-peering/delete-peering.ts';
import type { RequestFacts } from '../../src/request/request.ts';
import { startOfTime } from '../audit/verify/chained-log.ts';
import { allowed, clusterId } from '../support/gateway.ts';
import { folderWith, peergate } from './policy-run.ts';

export const auditVerify: typeof peergate = (args, run) =>
  peergate(['audit', 'verify', ...args], { now: startOfTime, ...run });

export const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const factsOf = (subject: string, id: string) => ({
  startedAt: startOfTime,
  gatewayRequestId: id,
  requestId: id,
  clientAddress: '192.0.2.1',
  caller: { issuer: 'https://idp.example', subject, clientId: undefined, tokenId: undefined },
});

/** A create by this caller, and an outcome that nobody can know. */
export const intentBy = (subject: string, id: string, more: object = {}) => {
  const facts: RequestFacts = {
    ...factsOf(subject, id),
    operation: createPeering,
    target: { clusterId, peering: { clusterId, ...allowed, region: 'ap-southeast-1', ...more } },
  };
  const intent = intentEvent(facts, startOfTime);
  const result = { status: 503, sent: 'yes', upstream: { status: 503 } } as const;
  return [intent, outcomeEvent(facts, result, startOfTime)] as const;
};

/** A delete by this caller whose outcome was never recorded. */
export const deleteBy = (subject: string, id: string, peeringId: string) =>
  intentEvent(
    {
      ...factsOf(subject, id),
      operation: deletePeering,
      target: { clusterId, peeringId },
    },
    startOfTime,
  );

/** A file with this content, gone when the test ends. */
export async function written(content: string | Buffer, name = 'audit.log'): Promise<string> {
  return (await folderWith({ [name]: content }))(name);
}
