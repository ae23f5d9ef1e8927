// Writes the operations of the registry into openapi/audit-event.schema.json: `npm run schema`, after a new route.
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { operations } from '../src/operations/registry.ts';
import type { ReadEvents } from '../src/request/request.ts';

interface Schema {
  readonly $defs: Record<string, object>;
}

/** The schema with the operations that exist. */
export function withOperations(schema: Schema): Schema {
  const lists = {
    operations: operations.map(({ id }) => id),
    clusterReads: idsOf('cluster.read'),
    peeringReads: idsOf('peering.list'),
  };
  const $defs = { ...schema.$defs };
  for (const [name, ids] of Object.entries(lists)) $defs[name] = { ...$defs[name], enum: ids };
  return { ...schema, $defs };
}

const idsOf = (events: ReadEvents): string[] =>
  operations.flatMap((operation) => (operation.events === events ? operation.id : []));

const schemaFile = new URL('../openapi/audit-event.schema.json', import.meta.url);
if (argv[1] === fileURLToPath(import.meta.url)) {
  const schema: Schema = JSON.parse(readFileSync(schemaFile, 'utf8'));
  writeFileSync(schemaFile, JSON.stringify(withOperations(schema), undefined, 2));
}
