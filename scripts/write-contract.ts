// Writes openapi/gateway.json, what the gateway serves, from openapi/gateway.yaml, what people write: `npm run schema`. Parsing
// YAML of that size at each start would take longer than all the rest of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

const contract = parse(readFileSync(new URL('../openapi/gateway.yaml', import.meta.url), 'utf8'));
writeFileSync(
  new URL('../openapi/gateway.json', import.meta.url),
  `${JSON.stringify(contract, undefined, 1)}\n`,
);
