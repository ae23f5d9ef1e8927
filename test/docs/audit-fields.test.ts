// docs/audit-fields.md is what `npm run schema` makes of the schema of records, which has every operation of the registry.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditFieldsPage } from '../../scripts/write-audit-fields.ts';
import { withOperations } from '../../scripts/write-audit-operations.ts';
import { codeSpans, readText, tableRows } from './documents.ts';

test('every field of a record is in the table of fields, once, with its meaning, as the schema has it', () => {
  const page = readText('docs/audit-fields.md');
  assert.equal(page, auditFieldsPage(readText('openapi/audit-event.schema.json')));
  const rows = tableRows(page, 'field');
  const fields = rows.flatMap(([field = '']) => codeSpans(field));
  assert.ok(fields.length > 90);
  assert.equal(new Set(fields).size, rows.length);
  for (const [field, meaning = ''] of rows) assert.ok(meaning.length > 5, field);
});

test('the schema of records knows exactly the operations of the registry', () => {
  const schema = JSON.parse(readText('openapi/audit-event.schema.json'));
  assert.deepEqual(schema, withOperations(schema));
});
