// The policy file's shape (docs/policy.md). Strict: what is not described here is a fault, so that a mistyped
// rule cannot pass for one that is in force. The descriptions become `openapi/policy.schema.json`.
import { z } from 'zod';
import { accountIdPattern } from '../../net/aws.ts';
import { isIpv4Fault, parseIpv4Network } from '../../net/ipv4.ts';
import { callers, claim } from './caller-document.ts';
import { clusterId, region, text, vpcId, words } from './value-forms.ts';

const nonEmpty = 'must not be empty: it would refuse every request';

const account = z
  .string('must be a string of 12 digits, in quotes')
  .regex(accountIdPattern, 'must be an AWS account: 12 digits, in quotes')
  .meta({
    description: 'An AWS account: 12 digits, in quotes.',
  });
const accounts = z
  .array(account)
  .min(1, nonEmpty)
  .meta({ description: 'AWS accounts whose VPCs may be peered.' });

const regions = z
  .array(region)
  .min(1, nonEmpty)
  .meta({ description: 'AWS regions whose VPCs may be peered.' });

const clusters = z
  .array(clusterId)
  .min(1, nonEmpty)
  .meta({ description: 'Aerospike Cloud clusters, by id.' });

const cidr = text
  .meta({
    description: 'An IPv4 network such as 10.20.0.0/16: no leading zeros, no host bits.',
    pattern: '^(\\d{1,3}\\.){3}\\d{1,3}/\\d{1,2}$',
  })
  .transform((value, context) => {
    const network = parseIpv4Network(value);
    if (!isIpv4Fault(network)) return network;
    context.addIssue({ code: 'custom', message: network.fault });
    return z.NEVER;
  });

/** A plain name: a policy reaches no file but those beside it. */
export const listFileName = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

const fileBeside = text.regex(listFileName, 'must be the plain name of a file beside the policy');
const listFile = z
  .strictObject({
    file: fileBeside.meta({
      description: 'A file beside the policy, one network a line; # begins a comment.',
    }),
  })
  .meta({ description: 'A list that is too long to stand in the policy.' });

const listOrFile = 'must be a list of networks, or { file: NAME }';
const cidrs = z
  .union([z.array(cidr).min(1, nonEmpty), listFile], listOrFile)
  .meta({ description: 'IPv4 networks; networks that touch count as the range that they cover together.' });
const forbiddenCidrs = z
  .union([z.array(cidr), listFile], listOrFile)
  .meta({ description: 'Networks that no peering may overlap, whatever else allows it.' });

const prefix = z.int('must be a whole number').min(0, 'must be at least 0').max(32, 'must be at most 32');
const prefixLength = z
  .strictObject({ min: prefix, max: prefix })
  .refine(({ min, max }) => min <= max, 'min must not be greater than max: it would refuse every request')
  .meta({ description: 'The prefix lengths that a block may have, both ends included.' });

const secureConnection = z.enum(['required', 'optional'], 'must be required or optional').meta({
  description: 'Must a peering be set up with TLS (`isSecureConnection: true`)?',
});

const count = z
  .int('must be a whole number')
  .min(0, 'must be at least 0')
  .max(10_000, 'must be at most 10000');
const maxPeerings = z
  .strictObject({
    perCluster: count.optional().meta({ description: 'How many a cluster may have.' }),
    perVpc: count
      .optional()
      .meta({ description: 'How many a VPC may have, over all clusters; needs the fleet.' }),
  })
  .refine((members) => Object.keys(members).length > 0, 'must not be empty: leave it out for no limit')
  .meta({ description: 'How many live peerings there may be; left out, there is no limit.' });

const guardrails = z
  .strictObject({
    accounts,
    regions,
    cidrs,
    forbiddenCidrs: forbiddenCidrs.prefault(['10.129.0.0/24']),
    prefixLength: prefixLength.prefault({ min: 16, max: 28 }),
    secureConnection: secureConnection.default('required'),
    maxPeerings: maxPeerings.optional(),
  })
  .meta({ description: 'What every create must be inside of, whoever asks.' });

/** Names that stand for something else where a violation names its rule. */
const reserved = ['guardrails', 'grants', 'vpcs'];

const id = text
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/, 'must be a name of letters, digits and . _ : -')
  .refine((name) => !reserved.includes(name), 'is a reserved name')
  .meta({ description: 'Names the rule in decisions and audit records.' });

const action = ['create', 'list', 'delete', 'inspect'] as const;
const noAction = 'must not be empty: it would grant nothing';
const grantedActions = z
  .array(z.enum([...action, 'deleteOwn'], 'must be create, list, delete, deleteOwn or inspect'))
  .min(1, noAction)
  .meta({
    description: 'What the callers may do; deleteOwn: delete peerings that they created themselves.',
  });

const narrower = {
  clusters: clusters.optional(),
  accounts: accounts.optional(),
  regions: regions.optional(),
};

const fromClaim = z
  .strictObject({ fromClaim: claim })
  .meta({ description: 'The accounts that the token proves: the claim is one account or an array of them.' });

const grant = z
  .strictObject({
    id,
    callers,
    actions: grantedActions,
    ...narrower,
    accounts: z
      .union([accounts, fromClaim], 'must be a list of accounts, or { fromClaim: CLAIM }')
      .optional()
      .meta({ description: 'AWS accounts whose VPCs may be peered.' }),
    cidrs: cidrs.optional(),
  })
  .meta({ description: 'Who may do what, inside the guardrails. A list that is left out narrows nothing.' });

const allows = z
  .strictObject({
    ...narrower,
    cidrs: cidrs.optional(),
    prefixLength: prefixLength.optional(),
    secureConnection: secureConnection.optional(),
  })
  .refine((members) => Object.keys(members).length > 0, 'must not be empty: it would allow nothing')
  .meta({ description: 'What is allowed besides; forbidden networks stay forbidden.' });

const only = z
  .strictObject({
    ...narrower,
    vpcs: z.array(vpcId).min(1, nonEmpty).optional().meta({ description: 'AWS VPCs, by id.' }),
    cidrs: cidrs.optional(),
  })
  .refine((members) => Object.keys(members).length > 0, 'must not be empty: leave it out to narrow nothing')
  .meta({ description: 'The exception has an effect only on requests that are inside all of these.' });

const exception = z
  .strictObject({
    id,
    callers,
    actions: z
      .array(z.enum(action, 'must be create, list, delete or inspect'))
      .min(1, noAction)
      .default(['create'])
      .meta({ description: 'The actions that the exception widens; others it leaves as they are.' }),
    only: only.optional(),
    allows,
    expires: z.iso
      .datetime({ offset: true, error: 'must be a time with its zone, such as 2027-01-31T00:00:00Z' })
      .meta({ description: 'From this time on the exception has no effect.' }),
    ticket: words(200).optional().meta({ description: 'Where the exception was asked for.' }),
    approvedBy: words(200).optional().meta({ description: 'Who answers for it.' }),
  })
  .meta({
    description: 'Widens guardrails and grants for its callers and actions, for a time. No grant by itself.',
  });

/** The whole document, but for what `parse-policy.ts` checks across its parts: ids, expiries and list files. */
export const policyDocument = z
  .strictObject({
    version: z.literal(1, 'must be 1').meta({ description: 'The version of this form of policy.' }),
    organization: words(200).meta({ description: 'Whose policy this is.' }),
    contact: text
      .regex(/^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u, 'must be 1 to 200 printable characters')
      .optional()
      .meta({ description: 'Whom a refused caller may ask: shown to callers, as text.' }),
    guardrails,
    grants: z
      .array(grant)
      .min(1, 'must not be empty: it would refuse every caller; leave it out to grant everything to everyone')
      .optional()
      .meta({
        description: 'Left out: every caller with the scope may do everything inside the guardrails.',
      }),
    exceptions: z
      .array(exception)
      .default([])
      .meta({ description: 'What some callers may do besides, for a time.' }),
    vpcs: z
      .strictObject({
        file: fileBeside.meta({
          description: 'A CSV file beside the policy: vpcId,accountId,region,cidr[;cidr…]',
        }),
      })
      .optional()
      .meta({ description: 'The VPC registry: a create must name one of its VPCs, as it stands there.' }),
    mode: z.enum(['enforce', 'report'], 'must be enforce or report').default('enforce').meta({
      description: 'report: nothing is refused, and every would-be refusal is recorded.',
    }),
  })
  .meta({ title: 'peergate policy', description: 'What may be peered, by whom.' });

export type PolicyDocument = z.output<typeof policyDocument>;
export type CidrsDocument = PolicyDocument['guardrails']['cidrs'];
