// What tests read of an audit record. `assertAuditRecord` holds records against their schema; here all kinds have one type, so
// a test that reads a member which its kind of record does not have gets `undefined`, and fails.
import type { PolicyFault } from '../../src/policy/engine/policy-data.ts';
import type { ViolationBody } from './reply-body.ts';

export interface AuditRecord {
  readonly activity_id: number;
  readonly activity_name: string;
  readonly class_uid: number;
  readonly type_uid: number;
  readonly time: number;
  readonly start_time: number;
  readonly duration: number;
  readonly message: string;
  readonly severity_id: number;
  readonly status: string;
  readonly status_id: number;
  readonly status_code: string;
  readonly status_detail: string;
  readonly action: string;
  readonly action_id: number;
  readonly metadata: {
    readonly uid: string;
    readonly event_code: string;
    readonly sequence: number;
    readonly version: string;
    readonly profiles: readonly string[];
    readonly is_truncated?: boolean;
    readonly untruncated_size?: number;
  };
  readonly policy: { readonly uid: string; readonly version: string; readonly is_applied: boolean };
  readonly attestation_list: readonly [Attestation, ...Attestation[]];
  readonly actor: {
    readonly user: { readonly uid: string; readonly name: string };
    readonly app_uid: string;
    readonly idp: { readonly name: string };
    readonly session: { readonly uid: string; readonly credential_uid: string };
  };
  readonly api: {
    readonly operation: string;
    readonly service: { readonly name: string };
    readonly request: { readonly uid: string; readonly data: RequestData };
    readonly response: { readonly code: number; readonly data: unknown };
    readonly token: unknown;
  };
  readonly http_request: {
    readonly uid: string;
    readonly http_method: string;
    readonly url: { readonly path: string };
  };
  readonly http_response: { readonly code: number };
  readonly src_endpoint: { readonly ip: string };
  readonly resources: readonly {
    readonly uid: string;
    readonly name: string;
    readonly owner: { readonly account: { readonly uid: string } };
    readonly data: unknown;
  }[];
  readonly trace: {
    readonly uid: string;
    readonly span: { readonly uid: string; readonly start_time: number; readonly end_time: number };
  };
  readonly unmapped: {
    readonly upstream: {
      readonly sent: string;
      readonly status: number;
      readonly resourceId: string;
      readonly requestId: string;
    };
    readonly decision: DecisionData;
    readonly policy: PolicyChange;
    readonly reconciled: ReconciledData;
    readonly recovered: { readonly file: string; readonly bytes: number; readonly sha256: string };
    readonly oldChain: { readonly reason: string; readonly openIntents: number };
    readonly replayed: { readonly first: string; readonly resourceId: string };
    readonly checkpoint: string;
    readonly claims: unknown;
    readonly absentClaims: unknown;
    readonly withoutScopes: unknown;
  };
}

export interface RequestData {
  readonly clusterId: string;
  readonly peeringId: string;
  readonly isOwn?: boolean;
  readonly vpcId: string;
  readonly accountId: string;
  readonly region: string;
  readonly cidrBlock: string;
  readonly limit: number;
  readonly offset: number;
}

export interface ReconciledData {
  readonly found: boolean;
  readonly ambiguous: boolean;
  readonly resourceId: string;
  readonly peeringStatus: string;
}

/** How the record is linked to the one before, OCSF `record_integrity` profile. */
export interface Attestation {
  readonly authority_uid: string;
  readonly chain_uid: string;
  readonly fingerprint: Fingerprint;
  readonly prev_event: {
    readonly uid: string;
    readonly type_uid: number;
    readonly fingerprint: Fingerprint;
  };
}

interface Fingerprint {
  readonly algorithm_id: number;
  readonly encoding_id: number;
  readonly serialization_id: number;
  readonly value: string;
}

interface PolicyChange {
  readonly old: string;
  readonly new: string;
  readonly faultCount?: number;
  readonly faults: readonly [PolicyFault, ...PolicyFault[]];
}

interface DecisionData {
  readonly effect: string;
  readonly mode: string;
  readonly policyVersion: string;
  readonly grant: string;
  readonly exceptions: readonly string[];
  readonly violations: readonly ViolationBody[];
  readonly claims: unknown;
  readonly accountsFromClaim: string;
}
