// Keeps a record below the size at which container runtimes split a line. What is truncated says so; identities, ids, the
// values of a request and the decision itself never are.
import type { AuditEvent } from './event-form.ts';

/** Bytes of UTF-8 of a line with its newline (interface, section 5). */
export const maxRecordBytes = 12_000;
const maxViolations = 20;

/** The event in JSON, truncated as far as it takes. `extraBytes`: what the line has besides. */
export function fitRecord(
  event: AuditEvent,
  extraBytes: number,
  toText: (event: AuditEvent) => string,
): string {
  let text = toText(event);
  const size = sizeOf(text) + extraBytes;
  if (size <= maxRecordBytes) return text;
  const marked = {
    ...event,
    metadata: { ...(event['metadata'] as object), is_truncated: true, untruncated_size: size },
  };
  for (const unmapped of truncations(event['unmapped'] as Unmapped)) {
    text = toText({ ...marked, unmapped });
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

/** Each shorter than the one before (interface, section 5, has the order). */
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
