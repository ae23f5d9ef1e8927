// What must hold after crashes, whatever moment they came at: of answers, of what was set aside, and of the log beside what
// Aerospike Cloud has.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { sandboxClusters } from '../../sandbox/clusters.ts';
import type { AuditRecord } from '../support/audit-record.ts';
import type { SentCreate } from './kill-load.ts';
import { recordsOf } from './kill-log.ts';
import type { Site } from './kill-site.ts';

/** A caller who knows that a peering was made knows no more than the log. */
export function assertAnswersRecorded(records: readonly AuditRecord[], answers: readonly SentCreate[]): void {
  const made = new Set(
    recordsOf(records, 'peering.create.outcome').map(({ unmapped }) => unmapped.upstream.resourceId),
  );
  const unrecorded = answers.filter(({ resourceId }) => resourceId !== undefined && !made.has(resourceId));
  assert.deepEqual(unrecorded, []);
}

/** What was set aside is there, whole, and the records about it are true. */
export async function assertSetAside(
  { folder, auditFile }: Site,
  tornTails: readonly Buffer[],
  records: readonly AuditRecord[],
): Promise<number> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(`${basename(auditFile)}.torn-`));
  const kept = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );
  for (const torn of tornTails) assert.ok([...kept.values()].some((bytes) => bytes.equals(torn)));
  const recovered = recordsOf(records, 'audit.recovered').map(({ unmapped }) => unmapped.recovered);
  for (const { file, bytes, sha256 } of recovered) {
    const content = kept.get(file) ?? Buffer.alloc(0);
    assert.equal(content.length, bytes);
    assert.equal(createHash('sha256').update(content).digest('hex'), sha256);
  }
  return names.length;
}

/** Holds the log against what the upstream has: every peering is somebody's, and nobody's is missing. */
export function assertAgreement({ cloud }: Site, records: readonly AuditRecord[]) {
  const intents = recordsOf(records, 'peering.create.intent');
  const outcomes = recordsOf(records, 'peering.create.outcome').filter(({ status_id: id }) => id !== 0);
  const reconciled = recordsOf(records, 'peering.create.reconciled');
  const found = reconciled.filter(({ unmapped }) => unmapped.reconciled.found);
  const absent = reconciled.filter(({ unmapped }) => !unmapped.reconciled.found);
  const idOf = ({ api }: AuditRecord): string => api.request.uid;
  const dataOf = ({ api }: AuditRecord) => api.request.data;
  assert.deepEqual([...outcomes, ...reconciled].map(idOf).sort(), intents.map(idOf).sort());

  const peerings = sandboxClusters.flatMap(({ id: clusterId }) =>
    cloud.peerings(clusterId).map(({ id, request }) => ({ id, clusterId, ...request })),
  );
  const made = [
    ...outcomes
      .filter(({ status_id: id }) => id === 1)
      .map((record) => ({ id: record.unmapped.upstream.resourceId, ...dataOf(record) })),
    ...found.map((record) => ({ id: record.unmapped.reconciled.resourceId, ...dataOf(record) })),
  ];
  const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);
  assert.deepEqual(made.sort(byId), peerings.sort(byId));
  const there = new Set(peerings.map(({ vpcId }) => vpcId));
  assert.deepEqual(
    absent.filter((record) => there.has(dataOf(record).vpcId)),
    [],
  );
  return { intents, outcomes, found, absent, peerings };
}

/** Of each create, at the moment of its arrival and in the end. */
export function assertIntentsFirst({ posts }: Site, intents: readonly AuditRecord[]): void {
  assert.deepEqual(
    posts.filter(({ hadIntent }) => !hadIntent),
    [],
  );
  const recorded = new Set(intents.map(({ http_request: http }) => http.uid));
  assert.equal(new Set(posts.map(({ requestId }) => requestId)).size, posts.length);
  assert.deepEqual(
    posts.filter(({ requestId }) => !recorded.has(requestId)),
    [],
  );
}
