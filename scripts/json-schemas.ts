// The forms of policies, of their tests and of `AUTH_ISSUERS_FILE` as JSON Schema (2020-12), for editors to complete and check
// by. Made from the zod schemas that the gateway itself reads these files with.
import { z } from 'zod';
import { issuersDocument } from '../src/config/issuers-file.ts';
import { policyDocument } from '../src/policy/language/document.ts';
import { testsDocument } from '../src/policy/language/policy-tests.ts';

/** The text of `openapi/policy.schema.json`. */
export const policyJsonSchema = (): string => jsonSchema(policyDocument);

/** The text of `openapi/policy-tests.schema.json`. */
export const policyTestsJsonSchema = (): string => jsonSchema(testsDocument);

/** The text of `openapi/issuers.schema.json`. */
export const issuersJsonSchema = (): string => jsonSchema(issuersDocument);

function jsonSchema(document: z.ZodType): string {
  const schema = z.toJSONSchema(document, { io: 'input', reused: 'inline' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
