// The policy's form as JSON Schema (2020-12), for editors to complete and check by. Made from the one zod schema that the
// gateway itself reads policies with.
import { z } from 'zod';
import { policyDocument } from './document.ts';

/** The text of `openapi/policy.schema.json`. */
export function policyJsonSchema(): string {
  const schema = z.toJSONSchema(policyDocument, { io: 'input', reused: 'inline' });
  return `${JSON.stringify(schema, null, 2)}\n`;
}
