// Writes the JSON Schemas of policies, of their tests and of `AUTH_ISSUERS_FILE`: `npm run schema`, after a change to the zod
// schemas in src/policy/language or src/config/issuers-file.ts.
import { writeFileSync } from 'node:fs';
import { issuersJsonSchema, policyJsonSchema, policyTestsJsonSchema } from './json-schemas.ts';

const openapi = new URL('../openapi/', import.meta.url);
writeFileSync(new URL('policy.schema.json', openapi), policyJsonSchema());
writeFileSync(new URL('policy-tests.schema.json', openapi), policyTestsJsonSchema());
writeFileSync(new URL('issuers.schema.json', openapi), issuersJsonSchema());
