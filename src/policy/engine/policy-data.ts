// A policy as plain data: read, checked, its lists resolved. It can be handed from one thread to another; `compile.ts`
// makes something of it that decides.
import type { NetworkList } from '../../net/network-list.ts';
import type { VpcTable } from '../../net/vpc-registry.ts';
import type { CallerDocument } from '../language/caller-document.ts';
import type { PolicyDocument } from '../language/document.ts';

/** What a caller may want to do. */
export type Action = 'create' | 'list' | 'delete' | 'inspect';
/** `deleteOwn`: to delete what the caller created itself. */
export type GrantedAction = Action | 'deleteOwn';
export type PrefixLength = { readonly min: number; readonly max: number };

/** What narrows a grant; `undefined`: nothing does. */
export interface LimitsData {
  readonly clusters?: readonly string[] | undefined;
  readonly accounts?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly cidrs?: NetworkList | undefined;
}

export interface GuardrailsData {
  readonly accounts: readonly string[];
  readonly regions: readonly string[];
  readonly cidrs: NetworkList;
  readonly forbiddenCidrs: NetworkList;
  readonly prefixLength: PrefixLength;
  readonly secureConnection: 'required' | 'optional';
  /** Live peerings at most; `undefined`: no limit. */
  readonly maxPeerings?:
    | { readonly perCluster?: number | undefined; readonly perVpc?: number | undefined }
    | undefined;
}

export interface GrantData extends LimitsData {
  readonly id: string;
  readonly callers: readonly CallerDocument[];
  readonly actions: readonly GrantedAction[];
  /** The claim that holds the accounts, by name or JSON Pointer; `accounts` is `undefined` then. */
  readonly accountsFromClaim?: string | undefined;
}

/** What an exception is narrowed to. */
export interface OnlyData extends LimitsData {
  readonly vpcs?: readonly string[] | undefined;
}

export interface AllowancesData extends LimitsData {
  readonly prefixLength?: PrefixLength | undefined;
  readonly secureConnection?: 'required' | 'optional' | undefined;
}

export interface ExceptionData {
  readonly id: string;
  readonly callers: readonly CallerDocument[];
  readonly actions: readonly Action[];
  readonly only?: OnlyData | undefined;
  readonly allows: AllowancesData;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  readonly ticket?: string | undefined;
  readonly approvedBy?: string | undefined;
}

export interface PolicyData {
  readonly organization: string;
  /** Whom a refused caller may ask. */
  readonly contact?: string | undefined;
  /** By `policy-version.ts`. */
  readonly version: string;
  readonly mode: PolicyDocument['mode'];
  readonly guardrails: GuardrailsData;
  /** `undefined`: every caller with the scope. */
  readonly grants: readonly GrantData[] | undefined;
  readonly exceptions: readonly ExceptionData[];
  /** `undefined`: any VPC. */
  readonly vpcs?: VpcTable | undefined;
}

/** One thing wrong with a policy, or worth a warning. Line and column count from 1. */
export interface PolicyFault {
  /** The path of the file, as it was given. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** JSON Pointer of the member; empty for the document and in a list. */
  readonly member: string;
  readonly message: string;
}

/** A fault of a file as a whole. */
export const faultOfFile = (file: string, message: string): PolicyFault => ({
  file,
  line: 1,
  column: 1,
  member: '',
  message,
});

export type ReadPolicy = AcceptedPolicy | RejectedPolicy;

/** `files`: the lists that the policy names, which are part of it. */
export interface AcceptedPolicy {
  readonly data: PolicyData;
  readonly warnings: readonly PolicyFault[];
  readonly files: readonly string[];
  readonly faults?: undefined;
}

/** `version`: of the bytes that were refused; `null` when there were none. */
export interface RejectedPolicy {
  readonly faults: readonly PolicyFault[];
  readonly version: string | null;
  readonly files: readonly string[];
}

/** `FILE:LINE:COLUMN: MEMBER MESSAGE`, as editors and terminals understand it. */
export const describePolicyFault = ({ file, line, column, member, message }: PolicyFault): string =>
  `${file}:${line}:${column}: ${member === '' ? '' : `${member} `}${message}`;
