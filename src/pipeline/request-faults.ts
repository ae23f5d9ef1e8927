// Strict parsers for what operations have in common, ids and query, and the collection of all faults into one refusal.
import { GatewayError, type InvalidField, invalidField } from '../errors.ts';
import { uuidPattern } from '../net/aws.ts';
import type { RequestTarget } from '../request/request.ts';
import type { RequestFaults } from './operation.ts';

/** Bounds on the unknown names in an answer, so that it does not echo the request. */
const maxNames = 20;
const maxNameLength = 64;

/** Collects faults as they are found. */
export class Faults {
  readonly missing: string[] = [];
  readonly invalid: InvalidField[] = [];

  reject(field: string, description: string): void {
    this.invalid.push(invalidField(field, description));
  }

  /** Unknown members or parameters. */
  rejectUnknown(names: readonly string[], known: string): void {
    for (const name of names.slice(0, maxNames)) {
      this.reject(`/${escapePointer(shorten(name))}`, `is unknown; ${known}`);
    }
    if (names.length > maxNames) this.reject('', `has ${names.length - maxNames} more unknown members`);
  }

  any(): boolean {
    return this.missing.length + this.invalid.length > 0;
  }
}

export const isFaulty = (parsed: RequestTarget | RequestFaults): parsed is RequestFaults =>
  'invalid' in parsed;

export const requestInvalid = ({ missing, invalid }: RequestFaults): GatewayError =>
  new GatewayError('request-invalid', {
    context: { ...(missing.length > 0 ? { missing } : {}), ...(invalid.length > 0 ? { invalid } : {}) },
  });

/** In lower case: UUIDs are case-insensitive (RFC 9562 section 4). */
export function parseClusterId(segment: string | undefined, faults: Faults): string {
  if (segment === undefined || !uuidPattern.test(segment))
    faults.reject('/clusterId', 'must be the UUID of a cluster');
  return (segment ?? '').toLowerCase();
}

/** `PeeringId` of the vendor's contract, as it came: it is compared with the listed ids exactly. */
export function parsePeeringId(segment: string | undefined, faults: Faults): string {
  if (segment === undefined || !uuidPattern.test(segment))
    faults.reject('/peeringId', 'must be the UUID of a peering');
  return segment ?? '';
}

/** The known parameters, each at most once. Any other is a fault. */
export function parseQuery(
  query: URLSearchParams,
  known: readonly string[],
  faults: Faults,
): Map<string, string> {
  const found = new Map<string, string>();
  const unknown = new Set<string>();
  for (const [name, value] of query) {
    if (!known.includes(name)) unknown.add(name);
    else if (found.has(name)) faults.reject(`/${name}`, 'must be given only once');
    else found.set(name, value);
  }
  const names =
    known.length === 0
      ? 'this route has no query parameters'
      : `the query parameters are ${known.join(', ')}`;
  faults.rejectUnknown([...unknown], names);
  return found;
}

/** RFC 6901 section 3. */
const escapePointer = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Cut between characters, not within a surrogate pair, so that the answer stays well-formed Unicode. */
const shorten = (name: string): string =>
  (name.length > maxNameLength ? `${[...name].slice(0, maxNameLength).join('')}…` : name).toWellFormed();
