// The event of a create or a delete that was settled by Aerospike Cloud's list, after its outcome was lost.
import type { RequestFacts } from '../../request/request.ts';
import { type AuditEvent, severity } from './event-form.ts';
import { type EventStatus, requestEvent } from './request-text.ts';

/** What Aerospike Cloud's list says about a change whose outcome is not known. */
export type Settlement =
  /** The vendor's `id` and status of the peering that was found. */
  | { readonly found: true; readonly resourceId: string; readonly peeringStatus?: string | undefined }
  | { readonly found: false }
  /** The vendor's ids of peerings that this create or another one with the same values made: which, nobody can know. */
  | { readonly found?: undefined; readonly ambiguous: readonly string[] };

/** So many are named at most, so that no record gets too long. */
const mostAmbiguous = 20;

/** A create or a delete whose intent was left open is settled, or cannot be (`status_id` 0). */
export function reconciledEvent(facts: RequestFacts, settlement: Settlement, now: number): AuditEvent {
  // The intent holds the decision; read back from a log it would not be whole.
  // Its span has long ended.
  const undecided = { ...facts, decision: undefined, claims: undefined, trace: undefined };
  const isDelete = facts.operation.method === 'DELETE';
  const event = {
    phase: 'reconciled',
    action: 'allowed',
    severityId: severity.informational,
    status: isDelete ? deletedStatus(settlement) : createdStatus(settlement),
    // A delete names its peering in any case.
    createdId: !isDelete && settlement.found ? settlement.resourceId : undefined,
    unmapped: {
      reconciled:
        settlement.found === undefined
          ? { ambiguous: settlement.ambiguous.slice(0, mostAmbiguous) }
          : settlement,
    },
  } as const;
  return requestEvent(undecided, event, now);
}

const statusOf = (id: 0 | 1 | 2, code: string, detail: string): EventStatus => ({ id, code, detail });

const deletedStatus = ({ found }: Settlement): EventStatus =>
  found
    ? statusOf(2, 'peering-found', 'Aerospike Cloud still lists the peering: the delete was not carried out.')
    : statusOf(1, 'peering-absent', 'Aerospike Cloud lists the peering no more: it is deleted.');

function createdStatus({ found }: Settlement): EventStatus {
  if (found === undefined) {
    const detail =
      'Aerospike Cloud lists a peering that this create or another one with the same values made; which of them did cannot be known.';
    return statusOf(0, 'attribution-ambiguous', detail);
  }
  if (found)
    return statusOf(1, 'peering-found', 'Aerospike Cloud lists the peering: the create was carried out.');
  const detail =
    'Aerospike Cloud lists no such peering: if the create was carried out, nothing is left of it.';
  return statusOf(2, 'peering-absent', detail);
}
