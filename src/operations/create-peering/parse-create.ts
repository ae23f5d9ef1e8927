// Parses the body and the Idempotency-Key of a create. Refuses members that the contract does not name.
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Faults } from '../../pipeline/request-faults.ts';
import { peeringValues } from '../../policy/language/peering-values.ts';

const createBody = z.strictObject(peeringValues, 'must be a JSON object');

const members = Object.keys(createBody.shape);

/** The five values, or `undefined` after reporting every fault. */
export function parseBody(body: unknown, faults: Faults): z.output<typeof createBody> | undefined {
  // zod ignores this member, which JSON.parse treats as an ordinary one.
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

/** Excludes spaces, so that two headers, which Node joins with a comma and a space, do not match. */
const keyPattern = /^[\x21-\x7e]{1,255}$/;

export function parseIdempotencyKey(headers: IncomingHttpHeaders, faults: Faults): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && keyPattern.test(key)) return key;
  faults.reject('/Idempotency-Key', 'must be given only once, as 1 to 255 visible ASCII characters');
  return undefined;
}

const reportUnknown = (names: readonly string[], faults: Faults): void =>
  faults.rejectUnknown(names, `the members are ${members.join(', ')}`);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
