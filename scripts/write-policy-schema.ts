// Writes openapi/policy.schema.json anew: `npm run schema`, after a change to src/policy/language/document.ts.
import { writeFileSync } from 'node:fs';
import { policyJsonSchema } from '../src/policy/language/json-schema.ts';

writeFileSync(new URL('../openapi/policy.schema.json', import.meta.url), policyJsonSchema());
