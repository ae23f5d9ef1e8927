// Makes the log that docs/audit.md is about: by a whole gateway against the sandbox, with everything in it that an auditor
// asks about, a crash and a rotation included. Nothing in it is written by hand but the half line of the crash.
import { copyFile, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import type { AuditRecord } from '../support/audit-record.ts';
import { startIssuer } from '../support/issuer.ts';
import { type Making, november, october, proposedPolicy, september } from './audit-months.ts';

export interface MadeLog {
  /** Holds `audit.log`, what it was rotated into, both keys, `policy.yaml` and `proposed.yaml`. */
  readonly folder: string;
  /** The log at the moment of the crash. */
  readonly crashed: string;
  /** Everything that no record may hold. */
  readonly secrets: readonly string[];
  /** The vendor's id of the peering that was made on 2 October. */
  readonly peering: string;
  /** The records of the whole log, in order. */
  readonly records: readonly AuditRecord[];
}

const rotated = 'audit.log-20261001.gz';
const key = 'audit-signing.jwk';

/** `folder` holds both keys, and is where the log is when it is made. */
export async function makeAuditLog(folder: string): Promise<MadeLog> {
  const time = { ms: 0 };
  const issuer = await startIssuer();
  const cloud = await startAerospikeCloud({ now: () => time.ms });
  const making: Making = { issuer, cloud, time, tokens: [] };
  const crashed = join(folder, 'at-the-crash');
  const before = join(folder, 'before');
  await mkdir(before);
  await mkdir(crashed);
  try {
    await copyFile(join(folder, key), join(before, key));
    await september(making, before);
    const peering = await october(making, before, crashed);
    for (const name of await readdir(crashed)) await copyFile(join(crashed, name), join(folder, name));
    const then = new Date('2026-10-01T00:00:00Z');
    await utimes(join(folder, rotated), then, then);
    await november(making, folder);
    await writeFile(join(folder, 'proposed.yaml'), proposedPolicy);
    return { folder, crashed, peering, secrets: secretsOf(making), records: await recordsIn(folder) };
  } finally {
    await rm(before, { recursive: true, force: true });
    await Promise.all([issuer.close(), cloud.close()]);
  }
}

async function recordsIn(folder: string): Promise<AuditRecord[]> {
  const older = gunzipSync(await readFile(join(folder, rotated))).toString('utf8');
  const text = older + (await readFile(join(folder, 'audit.log'), 'utf8'));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function secretsOf({ cloud, tokens }: Making): string[] {
  const presented = cloud.requests.map(({ headers }) => headers.authorization ?? '');
  const service = presented.filter((value) => value !== '').map((value) => value.replace(/^\w+ /, ''));
  return [...tokens, ...service, cloud.clientSecret, 'a-cookie-that-no-record-may-hold'];
}
