// A whole gateway with its audit log in a file, on a disk that a test can break, and checks of what came of its creates.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { LogFiles } from '../../../src/audit/log/log-file-system.ts';
import { verifyLogs } from '../../../src/audit/verify/verify-logs.ts';
import type { AuditRecord } from '../../support/audit-record.ts';
import { assertAuditRecord } from '../../support/audit-schema.ts';
import { type Reply, send, startTestGateway } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

export interface AuditFileOptions {
  /** `audit.log` in a folder of its own, unless given. */
  readonly path?: string;
  readonly logFiles?: LogFiles;
  readonly environment?: Record<string, string>;
}

export async function startWithFile(test: TestContext, options: AuditFileOptions = {}) {
  const path = options.path ?? join(temporaryFolder(), 'audit.log');
  const environment = {
    AUDIT_FILE: path,
    RATE_LIMIT_PER_MINUTE: '0',
    RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
    ...options.environment,
  };
  const { logFiles } = options;
  const gateway = await startTestGateway(test, {
    environment,
    ...(logFiles === undefined ? {} : { logFiles }),
  });
  const readiness = () => send(gateway.adminUrl, { path: '/readyz' });
  const becomesReady = () =>
    until('the gateway is ready', async () => (await readiness()).status === 200, 20_000);
  return {
    ...gateway,
    path,
    readiness,
    becomesReady,
    /** Creates that the sandbox saw. */
    creates: () => gateway.apiRequests().filter(({ method }) => method === 'POST'),
    /** Every line of the file, each a record as the schema has it. */
    inFile: () => recordsIn(path),
    logged: (message: string) => gateway.logs.filter(({ msg }) => msg === message),
  };
}

export async function recordsIn(path: string): Promise<AuditRecord[]> {
  const text = await readFile(path, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'), 'the last line is not whole');
  const records = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditRecord);
  for (const record of records) assertAuditRecord(record);
  return records;
}

/** Without the records that every start and stop makes, but for the policy. */
export const codesIn = async (path: string): Promise<string[]> =>
  (await recordsIn(path))
    .map(({ metadata }) => metadata.event_code as string)
    .filter((code) => !/^(?:gateway|audit\.chain)/.test(code));

/** There are no findings in these files, and no intent is open. */
export async function assertVerified(files: readonly string[]): Promise<void> {
  const { findings, openIntents, chains } = await verifyLogs(files, { onRead: () => undefined });
  assert.deepEqual([findings, openIntents, chains], [[], [], 1]);
}

export function assertUnavailable({ status, headers, json }: Reply): void {
  assert.equal(status, 503);
  assert.equal(headers['content-type'], 'application/problem+json');
  assert.equal(headers['retry-after'], '2');
  assert.equal(json.type, 'urn:aerospike:errors:system:unavailable');
  assert.equal(json.status, 503);
}
