// Keeps a record below the size at which container runtimes split a line. What is truncated says so; identities, ids, the
// values of a request and the decision itself never are.
import { canonicalJson } from './canonical-json.ts';

/** Bytes of UTF-8 of a line with its newline (docs/audit-records.md). */
export const maxRecordBytes = 12_000;
const maxViolations = 20;

/** The record, truncated as far as it takes; both in canonical form. `extraBytes`: what the line has besides. */
export function fitRecord(whole: string, extraBytes: number): string {
  const size = sizeOf(whole) + extraBytes;
  if (size <= maxRecordBytes) return whole;
  const record = JSON.parse(whole) as { readonly metadata: object; readonly unmapped: Unmapped };
  const metadata = { ...record.metadata, is_truncated: true, untruncated_size: size };
  let text = whole;
  for (const unmapped of truncations(record.unmapped)) {
    text = canonicalJson({ ...record, metadata, unmapped });
    if (sizeOf(text) + extraBytes <= maxRecordBytes) break;
  }
  return text;
}

interface Unmapped {
  readonly decision?: { readonly violations: readonly object[] };
  readonly claims?: object;
  readonly absentClaims?: readonly string[];
  readonly policy?: { readonly faults?: readonly object[] };
}

/** Each is shorter than the one before. */
function* truncations(unmapped: Unmapped): Generator<Unmapped> {
  const { claims: _, absentClaims: __, ...rest } = unmapped;
  yield rest;
  const { decision, policy } = rest;
  if (decision !== undefined) {
    const violations = decision.violations.map((violation) => ({ ...violation, allowed: undefined }));
    yield { ...rest, decision: { ...decision, violations } };
    yield { ...rest, decision: { ...decision, violations: violations.slice(0, maxViolations) } };
  }
  // `faultCount` still says how many there were.
  for (let count = policy?.faults?.length ?? 0; count > 0; count -= 1)
    yield { ...rest, policy: { ...policy, faults: policy?.faults?.slice(0, count - 1) ?? [] } };
}

/** A UTF-16 code unit takes three bytes at most. */
const sizeOf = (text: string): number =>
  text.length * 3 <= maxRecordBytes ? text.length : Buffer.byteLength(text);
