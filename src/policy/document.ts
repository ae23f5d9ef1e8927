// The policy file's shape (interface, section 4). Strict: what is not described here is a fault, so that a mistyped
// rule cannot pass for one that is in force.
import { z } from 'zod';
import { accountIdPattern, regionPattern } from '../net/aws.ts';
import { isIpv4Fault, parseIpv4Network } from '../net/ipv4.ts';

const account = z
  .string('must be a string of 12 digits, in quotes')
  .regex(accountIdPattern, 'must be an AWS account: 12 digits, in quotes');

const region = z.string('must be a string').regex(regionPattern, 'must be an AWS region such as us-east-1');

const cidr = z.string('must be a string').transform((text, context) => {
  const network = parseIpv4Network(text);
  if (!isIpv4Fault(network)) return network;
  context.addIssue({ code: 'custom', message: network.fault });
  return z.NEVER;
});

const nonEmpty = 'must not be empty: it would refuse every request';
const prefix = z.int('must be a whole number').min(0, 'must be at least 0').max(32, 'must be at most 32');

const prefixLength = z
  .strictObject({ min: prefix, max: prefix })
  .refine(({ min, max }) => min <= max, 'min must not be greater than max: it would refuse every request');

const guardrails = z.strictObject({
  accounts: z.array(account).min(1, nonEmpty),
  regions: z.array(region).min(1, nonEmpty),
  cidrs: z.array(cidr).min(1, nonEmpty),
  forbiddenCidrs: z.array(cidr).prefault(['10.129.0.0/24']),
  prefixLength: prefixLength.prefault({ min: 16, max: 28 }),
  secureConnection: z.enum(['required', 'optional'], 'must be required or optional').default('required'),
});

const later = (name: string) =>
  z.undefined(
    `${name} are not supported by this version yet; the policy is refused rather than half applied`,
  );

/** The whole document. `grants`, `exceptions` and report mode are refused by name until they are supported. */
export const policyDocument = z.strictObject({
  version: z.literal(1, 'must be 1'),
  organization: z
    .string('must be a string')
    .min(1, 'must not be empty')
    .max(200, 'must be at most 200 characters'),
  guardrails,
  grants: later('grants').optional(),
  exceptions: later('exceptions').optional(),
  mode: z
    .literal('enforce', 'must be enforce (report is not supported by this version yet)')
    .default('enforce'),
});

export type PolicyDocument = z.output<typeof policyDocument>;
export type GuardrailsDocument = PolicyDocument['guardrails'];
