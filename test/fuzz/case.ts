// What one fuzz case is: plain data that says how to make bytes, so that it can be printed, replayed and shrunk. Keys, ports
// and times of a run are filled in when it is rendered; the same case means the same attack in every run.
import type { TokenSpec } from './tokens.ts';

/** A change of bytes; `at` is taken modulo the length. `bytes` is Latin-1 text. */
export interface Edit {
  readonly at: number;
  readonly op: 'replace' | 'insert' | 'delete';
  readonly bytes: string;
}

export interface BodySpec {
  /** UTF-8 once rendered; `@VPC@` stands for a VPC id that no other case has. */
  readonly text: string;
  readonly edits: readonly Edit[];
  /** Spaces behind it make it so long. */
  readonly size: number;
}

export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length' }
  | {
      readonly kind: 'chunked';
      readonly sizes: readonly number[];
      readonly extension: string;
      readonly trailer: string;
    }
  /** These very lines, whatever the body. */
  | { readonly kind: 'odd'; readonly lines: readonly string[] };

export interface RequestSpec {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly host: readonly string[];
  readonly token: TokenSpec;
  /** Lines of the header section in Latin-1, besides those of host, token and framing. */
  readonly lines: readonly string[];
  readonly body: BodySpec;
  readonly framing: Framing;
}

export interface FuzzCase {
  /** One behind the other on one connection; a text goes out as it is. */
  readonly parts: readonly (RequestSpec | string)[];
  /** Of everything that is sent. */
  readonly edits: readonly Edit[];
  /** Only so much of it is sent, in thousandths. */
  readonly cut: number;
  /** Where it is cut into writes, in thousandths. */
  readonly splits: readonly number[];
  /** `wait` for all answers if there can be any, say that nothing follows, or hang up. */
  readonly ending: 'wait' | 'end' | 'destroy';
}

export const peeringsOf = (clusterId: string): string => `/database/clusters/${clusterId}/vpc-peerings`;

/** The sandbox has the first two. */
export const clusterIds = [
  '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11',
  'b27d1f60-93c8-4f0e-8a55-7d1c2e9f4a22',
  '00000000-0000-4000-8000-000000000000',
] as const;

/** Stands in places of a request from which nothing may ever reach an answer, a log line or a record. */
export const canary = 'kanarienvogel-7f3a91';

/** An address that claims to be forwarded for; nobody is trusted to say so. */
export const forwardedFor = '203.0.113.77';
