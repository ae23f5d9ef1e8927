// Reads the body and the Idempotency-Key of a create. Refuses every member that the contract does not name.
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Faults } from '../../pipeline/request-faults.ts';
import { peeringValues } from '../../policy/language/peering-values.ts';

const createBody = z.strictObject(peeringValues, 'must be a JSON object');

const members = Object.keys(createBody.shape);

/** The five values, or `undefined` with every fault reported. */
export function parseBody(body: unknown, faults: Faults): z.output<typeof createBody> | undefined {
  // zod passes over this one member, which JSON.parse makes an ordinary one.
  if (isObject(body) && Object.hasOwn(body, '__proto__')) reportUnknown(['__proto__'], faults);
  const result = createBody.safeParse(body);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const [member] = issue.path;
    if (issue.code === 'unrecognized_keys')
      reportUnknown(
        issue.keys.filter((key) => key !== '__proto__'),
        faults,
      );
    else if (member === undefined) faults.reject('', issue.message);
    else if (isObject(body) && !Object.hasOwn(body, member)) faults.missing.push(`/${String(member)}`);
    else faults.reject(`/${String(member)}`, issue.message);
  }
  return undefined;
}

/** The interface's form: 1 to 255 visible ASCII characters, which the comma and space between two of them is not. */
const keyPattern = /^[\x21-\x7e]{1,255}$/;

export function parseIdempotencyKey(headers: IncomingHttpHeaders, faults: Faults): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && keyPattern.test(key)) return key;
  faults.reject('/Idempotency-Key', 'must be 1 to 255 visible ASCII characters, given once');
  return undefined;
}

const reportUnknown = (names: readonly string[], faults: Faults): void =>
  faults.rejectUnknown(names, `the members are ${members.join(', ')}`);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
