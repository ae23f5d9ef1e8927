// What tests read of the JSON body of an answer. The contract describes each kind of body; here all kinds have one type, so a
// test that reads a member which its kind of body does not have gets `undefined`, and fails.
import type { NextStep } from '../../src/operations/get-peering/next-step.ts';

export interface ReplyBody
  extends ProblemBody,
    Omit<PeeringBody, 'status'>,
    ListBody,
    DecisionBody,
    PolicyBody {
  /** The status of a problem is a number (RFC 9457, section 3.1.3), that of a peering a string. */
  readonly status: number | string;
  /** Of the answer of `/readyz`. */
  readonly checks: Checks;
  /** Of the contract, in OpenAPI. */
  readonly paths: Readonly<Record<string, object>>;
  readonly servers: readonly { readonly url: string }[];
  /** Of a cluster. */
  readonly infrastructure: { readonly cidrBlock: string };
  readonly health: { readonly status: string };
}

/** Problem details, RFC 9457. */
interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly instance: string;
  readonly message: string;
  readonly code: string;
  readonly context: ProblemContext;
}

interface ProblemContext {
  readonly missing: readonly string[];
  readonly invalid: readonly InvalidField[];
  readonly violations: readonly ViolationBody[];
  readonly policyVersion: string;
  readonly contact: string;
  readonly resource: string;
  readonly id: string;
  readonly limit: number;
  readonly count: number;
  readonly sent: string;
  readonly upstream: unknown;
}

interface InvalidField {
  readonly field: string;
  readonly type: string;
  readonly description: string;
}

export interface ViolationBody {
  readonly code: string;
  readonly field: string;
  readonly rule: string;
  readonly description: string;
  readonly allowed: unknown;
}

export interface PeeringBody {
  readonly id: string;
  readonly vpcId: string;
  readonly accountId: string;
  readonly region: string;
  readonly cidrBlock: string;
  readonly isSecureConnection: boolean;
  readonly peeringId: string;
  readonly privateHostedZoneId: string;
  readonly status: string;
  readonly nextStep: NextStep;
}

/** A page of peerings or clusters, or the fleet. */
interface ListBody {
  readonly count: number;
  readonly meta: { readonly total: number; readonly limit: number; readonly offset: number };
  readonly vpcPeerings: readonly PeeringBody[];
  readonly clusters: readonly { readonly id: string; readonly name: string }[];
  readonly generatedAt: string;
  readonly complete: boolean;
  readonly unread: readonly string[];
  readonly peerings: readonly FleetPeering[];
}

interface FleetPeering extends PeeringBody {
  readonly clusterId: string;
  readonly clusterName: string;
  readonly clusterCidrBlock: string;
  readonly createdBy: {
    readonly issuer: string;
    readonly subject: string;
    readonly at: string;
    readonly requestId: string;
  };
  readonly acceptBy: string;
  readonly findings: readonly {
    readonly code: string;
    readonly description: string;
    readonly violations: readonly ViolationBody[];
  }[];
}

/** The answer to a dry run. */
interface DecisionBody {
  readonly decision: string;
  readonly policyVersion: string;
  readonly mode: string;
  readonly grant: string | null;
  readonly exceptions: readonly unknown[];
  readonly violations: readonly ViolationBody[];
}

/** The policy in force for one caller. */
interface PolicyBody {
  readonly organization: string;
  readonly contact: string;
  readonly caller: { readonly issuer: string; readonly subject: string };
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  readonly cidrs: readonly string[];
  readonly forbiddenCidrs: readonly string[];
  readonly prefixLength: { readonly min: number; readonly max: number };
  readonly secureConnection: string;
  readonly grants: readonly GrantBody[];
  readonly shortened: Readonly<Record<string, number>>;
}

interface GrantBody {
  readonly id: string;
  readonly actions: readonly string[];
  readonly clusters: readonly string[] | null;
  readonly accounts: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly cidrs: readonly string[] | null;
  readonly accountsFromClaim: string;
}

interface Checks {
  readonly policy: boolean;
  readonly keys: boolean;
  readonly audit: boolean;
  readonly notStopping: boolean;
}
