// Reads from audit logs who created which peering: the caller of each create that succeeded, or that reconciliation found.
import { z } from 'zod';
import { linkOf } from '../audit/record/found-record.ts';
import { readRecords } from '../audit/record/read-records.ts';
import { latestTime } from '../net/latest-time.ts';
import type { Creator } from '../state/creators/creator-store.ts';

const record = z.looseObject({
  start_time: z.int().min(0).max(latestTime),
  status_id: z.literal(1),
  metadata: z.looseObject({
    event_code: z.enum(['peering.create.outcome', 'peering.create.reconciled']),
  }),
  actor: z.looseObject({
    user: z.looseObject({ uid: z.string().min(1) }),
    idp: z.looseObject({ name: z.string().min(1) }),
  }),
  api: z.looseObject({ request: z.looseObject({ uid: z.string() }) }),
  unmapped: z.looseObject({
    upstream: z.looseObject({ resourceId: z.string().optional() }).optional(),
    reconciled: z.looseObject({ resourceId: z.string().optional() }).optional(),
  }),
});

/**
 * Calls `found` for each, in the order of the files; only intact records count, with `chain` only those of this one. Resolves
 * to how many records were not intact. Rejects when a file cannot be read.
 */
export async function readCreators(
  files: readonly string[],
  found: (peeringId: string, creator: Creator) => void | Promise<void>,
  chain?: string,
): Promise<number> {
  let leftOut = 0;
  for await (const { record: line, text } of readRecords(files, () => undefined)) {
    const { success, data } = record.safeParse(line);
    if (!success) continue;
    const { actor, api, metadata, unmapped, start_time: at } = data;
    const peeringId = unmapped.upstream?.resourceId ?? unmapped.reconciled?.resourceId;
    if (peeringId === undefined) continue;
    const link = linkOf(line, text);
    leftOut += Number(!link?.intact);
    if (!link?.intact || link.chain !== (chain ?? link.chain)) continue;
    await found(peeringId, {
      issuer: actor.idp.name,
      subject: actor.user.uid,
      at,
      requestId: api.request.uid,
      isReconciled: metadata.event_code === 'peering.create.reconciled' ? true : undefined,
    });
  }
  return leftOut;
}
