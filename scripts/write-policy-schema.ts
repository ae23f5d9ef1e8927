// Writes the schemas of policies and of their tests anew: `npm run schema`, after a change to their zod schemas in
// src/policy/language.
import { writeFileSync } from 'node:fs';
import { policyJsonSchema, policyTestsJsonSchema } from '../src/policy/language/json-schema.ts';

const openapi = new URL('../openapi/', import.meta.url);
writeFileSync(new URL('policy.schema.json', openapi), policyJsonSchema());
writeFileSync(new URL('policy-tests.schema.json', openapi), policyTestsJsonSchema());
