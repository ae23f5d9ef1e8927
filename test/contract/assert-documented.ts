// Holds a real answer against `openapi/gateway.yaml`: a status, a media type, a body or a header field that the document
// does not have is a failure, and so is a field that it promises and that is not there.
import assert from 'node:assert/strict';
import type { Reply } from '../support/gateway.ts';
import { type DocumentedOperation, gatewayContract, responseFor } from './contract-document.ts';
import type { Header } from './openapi-types.ts';

export const contract = await gatewayContract();

export function operation(id: string): DocumentedOperation {
  const found = contract.operations.find((candidate) => candidate.id === id);
  assert.ok(found, id);
  return found;
}

/** Fields that belong to the connection or the message, or are the browser's business (the document says so). */
const undocumented = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'origin-agent-cluster',
  'referrer-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-frame-options',
  'x-permitted-cross-domain-policies',
  'x-xss-protection',
]);

/** Fails unless the answer is one that the document has for the operation, in status, fields and body. */
export function assertDocumented(place: DocumentedOperation, reply: Reply): void {
  const what = `${place.method} ${place.path} ${reply.status}`;
  const { headers = {}, content = {} } = responseFor(place, reply.status);
  const fields = new Map<string, Header>(
    Object.entries(headers).map(([name, field]) => [name.toLowerCase(), contract.follow(field)]),
  );
  for (const [name, value] of Object.entries(reply.headers)) {
    if (undocumented.has(name)) continue;
    const field = fields.get(name);
    assert.ok(field, `${what} does not document ${name}`);
    contract.assertValid(field.schema, [value].flat().join(', '), `${what} ${name}`);
  }
  for (const [name, { required }] of fields)
    assert.ok(required !== true || name in reply.headers, `${what} lacks ${name}`);
  if (reply.text === '') return;
  const media = content[String(reply.headers['content-type'])];
  assert.ok(media, `${what} does not document ${reply.headers['content-type']}`);
  contract.assertValid(media.schema, reply.json ?? reply.text, what);
}
