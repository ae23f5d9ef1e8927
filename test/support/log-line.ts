// What tests read of a line of the gateway's log. All lines have one type, so a test that reads a member which its line does
// not have gets `undefined`, and fails.

export interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly msg: string;
  readonly truncated: boolean;
  readonly err: LoggedError;
  readonly cause: string;
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
  /** Of a token with another algorithm. */
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
}

/** As pino's serializer of errors writes one. */
interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly cause: LoggedError;
}
