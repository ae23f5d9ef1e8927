// Holds audit records against `openapi/audit-event.schema.json`, which allows what peergate promises to record and
// nothing else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

const file = new URL('../../openapi/audit-event.schema.json', import.meta.url);

export const auditSchema = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;

// The schema's conditions do not repeat what its members say of themselves; an unknown keyword or format is an error.
const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
  ownProperties: true,
});
addFormats.default(ajv);
const validate = ajv.compile(auditSchema);

/** Fails unless the value is one audit record as the schema has it. */
export function assertAuditRecord(record: unknown): void {
  if (validate(record)) return;
  const faults = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  );
  assert.fail(`not an audit record:\n${faults.join('\n')}\n${JSON.stringify(record, null, 2)}`);
}
