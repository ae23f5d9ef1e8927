// What is asked of the policy and what it answers: the vocabulary that the HTTP answer, the log and the audit record
// share.
import type { Action } from './policy-data.ts';

/** A validated create, as the policy sees it. `clusterId` is in lower case. */
export interface PeeringRequest {
  readonly clusterId: string;
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly accountId: string;
  readonly region: string;
  readonly isSecureConnection: boolean;
}

/** The claims of a verified token (RFC 7519 section 4). */
export type Claims = Readonly<Record<string, unknown>>;

/** Who asks, as far as a policy looks. */
export interface Caller {
  readonly claims: Claims;
  /** Its issuer's tokens need no scope: only a grant that names the issuer authorizes it. */
  readonly withoutScopes?: boolean | undefined;
}

/** May this caller do this, at this time? */
export interface Question extends Caller {
  /** Milliseconds since the epoch: what exceptions expire by. */
  readonly at: number;
  readonly action: Action;
  /** `undefined` for list and inspect: any cluster. */
  readonly clusterId?: string | undefined;
  /** The five values of a create. */
  readonly peering?: PeeringRequest | undefined;
  /** Where the peering lies, for delete and inspect. VPC and block matter only to what an exception is narrowed to. */
  readonly existing?:
    | {
        readonly accountId: string;
        readonly region: string;
        readonly vpcId?: string | undefined;
        readonly cidrBlock?: string | undefined;
        /** The caller created it: issuer and subject are those of its creator. `undefined`: nobody looked. */
        readonly isOwn?: boolean | undefined;
      }
    | undefined;
}

export const violationCodes = [
  'account_not_allowed',
  'region_not_allowed',
  'cidr_not_allowed',
  'cidr_forbidden',
  'prefix_length',
  'insecure_connection',
  'cluster_not_allowed',
  'action_not_allowed',
  'no_grant',
  'not_owner',
  'vpc_unknown',
  'vpc_mismatch',
] as const;

export type ViolationCode = (typeof violationCodes)[number];

/**
 * What would have passed: the values themselves (bounded), a range of prefix lengths with the nearest block that has one
 * and would pass, or the blocks to stay out of.
 */
export type Allowed =
  | readonly string[]
  | readonly boolean[]
  | { readonly min: number; readonly max: number; readonly nearest?: string }
  | { readonly outside: readonly string[] };

/** One reason of the policy against a request (docs/policy.md). */
export interface Violation {
  readonly code: ViolationCode;
  /** JSON Pointer into the request; empty for the caller and the action. */
  readonly field: string;
  /** Id of the rule that decided. */
  readonly rule: string;
  readonly description: string;
  readonly allowed: Allowed;
}

export interface Decision {
  /** What is done. In report mode it is `allow`, except for what that mode never suspends (docs/policy.md). */
  readonly effect: 'allow' | 'deny';
  /** SHA-256 of the policy, lower-case hex. */
  readonly policyVersion: string;
  readonly mode: 'enforce' | 'report';
  /** The grant that fits; `null` when none does or the policy has none. */
  readonly grant: string | null;
  /** The claim that the grant takes its accounts from, if it does. */
  readonly accountsFromClaim?: string;
  /** The exceptions that were needed. */
  readonly exceptions: readonly string[];
  /** Empty when the policy allows the request. */
  readonly violations: readonly Violation[];
}

/** What the rules say, whether or not the mode enforces it. */
export const verdictOf = ({ violations }: Decision): 'allow' | 'deny' =>
  violations.length === 0 ? 'allow' : 'deny';

/** Each once. */
export const codesOf = ({ violations }: DecidedCodes): string[] => [
  ...new Set(violations.map(({ code }) => code)),
];

/** A decision, or the record of one. */
interface DecidedCodes {
  readonly violations: readonly { readonly code: string }[];
}
