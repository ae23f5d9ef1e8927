// Writes the operations of the registry into openapi/audit-event.schema.json: `npm run schema`, after a new route.
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { operations } from '../src/operations/registry.ts';
import type { ReadEvents } from '../src/request/request.ts';

interface Schema {
  readonly $defs: Record<string, object>;
}

/** The schema with the operations that exist, and their routes. */
export function withOperations(schema: Schema): Schema {
  const [clusterReads, peeringReads] = [readsOf('cluster.read'), readsOf('peering.list')];
  const lists = {
    operations: operations.map(({ id }) => id),
    routes: operations.map(({ route }) => route),
    clusterReads: clusterReads.map(({ id }) => id),
    clusterRoutes: clusterReads.map(({ route }) => route),
    peeringReads: peeringReads.map(({ id }) => id),
  };
  const $defs = { ...schema.$defs };
  for (const [name, values] of Object.entries(lists))
    $defs[name] = { ...$defs[name], enum: [...new Set(values)] };
  return { ...schema, $defs };
}

const readsOf = (prefix: ReadEvents) => operations.filter(({ eventPrefix }) => eventPrefix === prefix);

const schemaFile = new URL('../openapi/audit-event.schema.json', import.meta.url);
if (argv[1] === fileURLToPath(import.meta.url)) {
  const schema: Schema = JSON.parse(readFileSync(schemaFile, 'utf8'));
  writeFileSync(schemaFile, JSON.stringify(withOperations(schema), undefined, 2));
}
