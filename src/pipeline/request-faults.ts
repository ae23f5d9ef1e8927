// Strict parsers for what operations have in common, ids and query, and the collection of all faults into one refusal.
import { GatewayError, type InvalidField, invalidField } from '../errors.ts';
import { connectionIdPattern, uuidPattern, vpcIdPattern } from '../net/aws.ts';
import { escapePointer } from '../net/json.ts';

/** Bounds on the unknown names in an answer, so that it does not echo the request. */
const maxNames = 20;
const maxNameLength = 64;

/** Collects the faults of a request as they are found, in the vendor's form (`ValidationErrorContext`). */
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

export const requestInvalid = ({ missing, invalid }: Faults): GatewayError =>
  new GatewayError('request-invalid', {
    context: { ...(missing.length > 0 ? { missing } : {}), ...(invalid.length > 0 ? { invalid } : {}) },
  });

/** In lower case: UUIDs are case-insensitive (RFC 9562 section 4). */
export function parseClusterId(segment: string | undefined, faults: Faults): string {
  if (segment === undefined || !uuidPattern.test(segment))
    faults.reject('/clusterId', 'must be the UUID of a cluster');
  return (segment ?? '').toLowerCase();
}

/** A form of `PeeringId` in the vendor's contract. */
const peeringIdPatterns = [uuidPattern, connectionIdPattern, vpcIdPattern];

/** As it came: it is compared with the listed ids exactly. */
export function parsePeeringId(segment: string | undefined, faults: Faults): string {
  if (!peeringIdPatterns.some((pattern) => pattern.test(segment ?? '')))
    faults.reject('/peeringId', 'must be the UUID of a peering, its pcx-… or the vpc-… of its VPC');
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
  const repeated = new Set<string>();
  for (const [name, value] of query) {
    if (!known.includes(name)) unknown.add(name);
    else if (found.has(name)) repeated.add(name);
    else found.set(name, value);
  }
  for (const name of repeated) faults.reject(`/${name}`, 'must be given only once');
  const names =
    known.length === 0
      ? 'this route has no query parameters'
      : `the query parameters are ${known.join(', ')}`;
  faults.rejectUnknown([...unknown], names);
  return found;
}

/** The form of `ClusterStatus` and `VPCPeeringStatus` in the vendor's contract, for statuses that they get later, too. */
export const statusPattern = /^[a-z]{1,20}(-[a-z]{1,20}){0,3}$/;

export interface Page {
  readonly limit?: number;
  readonly offset?: number;
}

/** `LimitParam` and `OffsetParam` of the vendor's contract; the offset ends where whole numbers do in JSON. */
const pageBounds = {
  limit: { min: 1, max: 100, expected: 'must be a whole number from 1 to 100' },
  offset: { min: 0, max: Number.MAX_SAFE_INTEGER, expected: 'must be a whole number, 0 or more' },
} as const;
const wholeNumber = /^(0|[1-9]\d{0,15})$/;

/** `given`: the query's parameters. */
export function parsePage(given: ReadonlyMap<string, string>, faults: Faults): Page {
  const page: { limit?: number; offset?: number } = {};
  for (const name of ['limit', 'offset'] as const) {
    const text = given.get(name);
    if (text === undefined) continue;
    const { min, max, expected } = pageBounds[name];
    const value = Number(text);
    if (wholeNumber.test(text) && value >= min && value <= max) page[name] = value;
    else faults.reject(`/${name}`, expected);
  }
  return page;
}

/** Cut between characters, not within a surrogate pair, so that the answer stays well-formed Unicode. */
const shorten = (name: string): string =>
  (name.length > maxNameLength ? `${[...name].slice(0, maxNameLength).join('')}…` : name).toWellFormed();
