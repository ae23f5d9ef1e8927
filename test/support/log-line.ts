// What tests read of a line of the gateway's log. All lines have one type, so a test that reads a member which its line does
// not have gets `undefined`, and fails.
import type { AuditRecord } from './audit-record.ts';

export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly truncated: boolean;
  readonly err: LoggedError;
  readonly cause: string;
  readonly detail: string;
  readonly reason: string;
  readonly port: number;
  readonly adminPort: number;
  /** Of a request. */
  readonly gatewayRequestId: string;
  readonly requestId: string;
  readonly clientAddress: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly code: string;
  readonly answered: boolean;
  readonly issuer: string;
  readonly subject: string;
  readonly trace_id: string;
  readonly span_id: string;
  /** Of a token that was refused. */
  readonly iss: string;
  readonly aud: string | readonly string[];
  readonly kid: string;
  readonly alg: string;
  readonly expected: readonly string[];
  /** Of a key set. */
  readonly ignored: number;
  readonly entries: readonly unknown[];
  /** Of a rate limit in trouble. */
  readonly limit: string;
  /** Of a policy or a file of issuers. */
  readonly count: number;
  readonly faults: readonly string[];
  readonly warning: string;
  readonly old: string;
  readonly new: string;
  readonly version: string;
  readonly policyVersion: string;
  readonly mode: string;
}

/** As pino's serializer of errors writes one. */
interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly cause: LoggedError;
}

/** A line of a process whose log and audit log are one stream: a log line or a record. */
export type OutputLine = Omit<LogLine, keyof AuditRecord> & AuditRecord;
