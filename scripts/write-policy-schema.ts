// Writes the JSON Schemas of policies and of `AUTH_ISSUERS_FILE` anew: `npm run schema`, after a change to
// src/policy/language/document.ts or src/config/issuers-file.ts.
import { writeFileSync } from 'node:fs';
import { issuersJsonSchema } from '../src/config/issuers-file.ts';
import { policyJsonSchema } from '../src/policy/language/json-schema.ts';

writeFileSync(new URL('../openapi/policy.schema.json', import.meta.url), policyJsonSchema());
writeFileSync(new URL('../openapi/issuers.schema.json', import.meta.url), issuersJsonSchema());
