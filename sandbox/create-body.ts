// Reads the body of a create by the contract's own patterns, no stricter: `999.1.1.1/99` passes and members that the
// contract does not know are ignored, as the vendor's service does. All faults are named at once.
import { type InvalidField, invalidField } from './problems.ts';

export interface PeeringRequest {
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly accountId: string;
  readonly region: string;
  readonly isSecureConnection: boolean;
}

export type CreateBody =
  | { readonly request: PeeringRequest }
  | { readonly missing: readonly string[]; readonly invalid: readonly InvalidField[] };

const textMembers = {
  vpcId: /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/,
  cidrBlock: /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/,
  accountId: /^\d{12}$/,
  region: /^[a-z]{2}-[a-z]+-\d+$/,
} as const;

export function readCreateBody(mediaType: string | undefined, body: string): CreateBody {
  const essence = (mediaType ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (essence !== 'application/json') return wholeBody('The media type must be application/json.');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return wholeBody('The body is not JSON.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return wholeBody('The body must be a JSON object.');
  }
  return readMembers(new Map(Object.entries(parsed)));
}

const wholeBody = (description: string): CreateBody => ({
  missing: [],
  invalid: [invalidField('', description)],
});

function readMembers(members: ReadonlyMap<string, unknown>): CreateBody {
  const missing = [...Object.keys(textMembers), 'isSecureConnection']
    .filter((name) => !members.has(name))
    .map((name) => `/${name}`);
  const invalid: InvalidField[] = [];
  const text = (name: keyof typeof textMembers): string => {
    const value = members.get(name);
    const pattern = textMembers[name];
    if (typeof value === 'string' && pattern.test(value)) return value;
    if (members.has(name))
      invalid.push(invalidField(`/${name}`, `It must be a string matching ${pattern.source}`));
    return '';
  };
  const secure = members.get('isSecureConnection');
  if (members.has('isSecureConnection') && typeof secure !== 'boolean') {
    invalid.push(invalidField('/isSecureConnection', 'It must be true or false.'));
  }
  const request: PeeringRequest = {
    vpcId: text('vpcId'),
    cidrBlock: text('cidrBlock'),
    accountId: text('accountId'),
    region: text('region'),
    isSecureConnection: secure === true,
  };
  return missing.length + invalid.length > 0 ? { missing, invalid } : { request };
}
