// Holds audit records against `openapi/audit-event.schema.json`, which allows what peergate promises to record and
// nothing else.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { ValidateFunction } from 'ajv/dist/2020.js';

const file = new URL('../../openapi/audit-event.schema.json', import.meta.url);
const cacheFolder = fileURLToPath(new URL('../../node_modules/.cache/tests/', import.meta.url));

const schemaText = readFileSync(file, 'utf8');
export const auditSchema = JSON.parse(schemaText) as Record<string, unknown>;

/** The code of a module with the compiled schema. */
async function compileSchema(): Promise<string> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const { default: addFormats } = await import('ajv-formats');
  const { default: standaloneCode } = await import('ajv/dist/standalone/index.js');
  // The schema's conditions do not repeat what its members say of themselves; an unknown keyword or format is an error.
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
    ownProperties: true,
    code: { source: true },
  });
  addFormats.default(ajv);
  return standaloneCode.default(ajv, ajv.compile(auditSchema));
}

/** Compiled once for all processes: it takes longer than to load the gateway. */
async function loadValidate(): Promise<ValidateFunction> {
  const hash = createHash('sha256');
  const own = readFileSync(fileURLToPath(import.meta.url));
  const lock = readFileSync(new URL('../../package-lock.json', import.meta.url));
  const name = hash.update(schemaText).update(own).update(lock).digest('hex');
  const path = `${cacheFolder}audit-schema-${name}.cjs`;
  if (!existsSync(path)) {
    mkdirSync(cacheFolder, { recursive: true });
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, await compileSchema());
    renameSync(unfinished, path);
  }
  return createRequire(import.meta.url)(path) as ValidateFunction;
}

const validate = await loadValidate();

/** Fails unless the value is one audit record as the schema has it. */
export function assertAuditRecord(record: unknown): void {
  if (validate(record)) return;
  const faults = (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
  );
  assert.fail(`not an audit record:\n${faults.join('\n')}\n${JSON.stringify(record, null, 2)}`);
}
