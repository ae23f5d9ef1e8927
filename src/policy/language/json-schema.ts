// The forms of policies and of their tests as JSON Schema (2020-12), for editors to complete and check by. Made from the
// zod schemas that the gateway itself reads these files with.
import { z } from 'zod';
import { policyDocument } from './document.ts';
import { testsDocument } from './policy-tests.ts';

/** The text of `openapi/policy.schema.json`. */
export const policyJsonSchema = (): string => jsonSchema(policyDocument);

/** The text of `openapi/policy-tests.schema.json`. */
export const policyTestsJsonSchema = (): string => jsonSchema(testsDocument);

function jsonSchema(document: z.ZodType): string {
  const schema = z.toJSONSchema(document, { io: 'input', reused: 'inline' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
