// What is asked of the policy and what it answers: the vocabulary that the HTTP answer, the log and the audit record
// share. Plain data, no behaviour.

/** A validated create (interface, section 3), as the policy sees it. `clusterId` is in lower case. */
export interface PeeringRequest {
  readonly clusterId: string;
  readonly vpcId: string;
  readonly cidrBlock: string;
  readonly accountId: string;
  readonly region: string;
  readonly isSecureConnection: boolean;
}

export type ViolationCode =
  | 'account_not_allowed'
  | 'region_not_allowed'
  | 'cidr_not_allowed'
  | 'cidr_forbidden'
  | 'prefix_length'
  | 'insecure_connection';

/** What would have passed: the values themselves (bounded), a range of prefix lengths, or the blocks to stay out of. */
export type Allowed =
  | readonly string[]
  | readonly boolean[]
  | { readonly min: number; readonly max: number }
  | { readonly outside: readonly string[] };

/** One thing that the policy has against a request (interface, section 4). */
export interface Violation {
  readonly code: ViolationCode;
  /** JSON Pointer into the request. */
  readonly field: string;
  /** Id of the rule that decided. */
  readonly rule: string;
  readonly description: string;
  readonly allowed: Allowed;
}

export interface Decision {
  readonly effect: 'allow' | 'deny';
  /** SHA-256 of the policy, lower-case hex. */
  readonly policyVersion: string;
  readonly mode: 'enforce';
  readonly violations: readonly Violation[];
}
