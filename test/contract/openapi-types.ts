// What tests read of an OpenAPI document, by the OpenAPI Specification 3.1. A member that a part does not have is
// `undefined`, and fails the test that reads it.
import type { ErrorCode } from '../../src/errors.ts';

export type OpenApiDocument = {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<SchemaName, Schema>>;
    readonly examples: Readonly<Record<ExampleName, Example>>;
    readonly parameters: Readonly<Record<'Idempotency-Key', Parameter & { readonly example: string }>>;
  };
};

/** Besides `parameters`, an Operation Object for each method. */
interface PathItem {
  readonly parameters?: readonly Parameter[];
}

export interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, ResponseObject>>;
  readonly security: readonly [{ readonly bearer: readonly [string] }];
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

export interface ResponseObject {
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

export interface Header {
  readonly required?: boolean;
  readonly schema: Schema;
}

interface MediaType {
  readonly schema: Schema;
  readonly examples?: Readonly<Record<string, Example>>;
}

export interface Schema {
  readonly type: string;
  readonly enum: readonly string[];
  readonly pattern: string;
  readonly minimum: number;
  readonly maximum: number;
  readonly default: unknown;
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, Schema>>;
  readonly additionalProperties: unknown;
}

export interface Example {
  readonly value: ExampleValue;
}

/** Problem details (RFC 9457), a decision or the policy in force for a caller. */
interface ExampleValue {
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly message: string;
  readonly instance: string;
  readonly context: { readonly id: string; readonly policyVersion: string };
  readonly policyVersion: string;
  readonly exceptions: readonly object[];
}

/** Those that tests name; the contract has them, or the vendor's document. */
type SchemaName =
  | 'APIError'
  | 'AccountId'
  | 'CidrBlock'
  | 'Collection'
  | 'Create'
  | 'ErrorType'
  | 'GatewayProblem'
  | 'InvalidField'
  | 'Ipv4Network'
  | 'Peering'
  | 'PolicyMode'
  | 'PolicyRefusal'
  | 'Region'
  | 'Status'
  | 'VPCPeering'
  | 'VPCPeeringCollection'
  | 'VPCPeeringCreate'
  | 'VPCPeeringStatus'
  | 'Violation'
  | 'VpcId';

type ExampleName =
  | ErrorCode
  | 'aerospike-cluster-unknown'
  | 'create'
  | 'dry-run-allowed'
  | 'dry-run-reported'
  | 'effective-policy'
  | 'idempotency-key'
  | 'peering-pending';
