// Keeps a record below the size at which container runtimes split a line. What is truncated says so; identities, ids, the
// values of a request and the decision are bounded where they come from, and are cut only if nothing else is left to cut.
import { canonicalJson, canonicalText } from './canonical-json.ts';

/** Bytes of UTF-8 of a line with its newline (docs/audit-records.md). */
export const maxRecordBytes = 12_000;
const maxViolations = 20;

/** The record, truncated as far as it takes; both in canonical form. `extraBytes`: what the line has besides. */
export function fitRecord(whole: string, extraBytes: number): string {
  const size = sizeOf(whole) + extraBytes;
  if (size <= maxRecordBytes) return whole;
  const record = JSON.parse(whole) as Members;
  const metadata = { ...record.metadata, is_truncated: true, untruncated_size: size };
  let text = whole;
  for (const truncated of truncations({ ...record, metadata })) {
    text = canonicalJson(truncated);
    if (sizeOf(text) + extraBytes <= maxRecordBytes) break;
  }
  return text;
}

interface Members {
  readonly metadata: object;
  readonly status_detail?: string;
  readonly unmapped: {
    readonly decision?: { readonly violations: readonly object[] } | undefined;
    readonly claims?: object;
    readonly absentClaims?: readonly string[];
  };
}

/** The last one fits whatever the values are: each of them is bounded, and so is the number of them. */
function* truncations(record: Members): Generator<object> {
  const { claims: _, absentClaims: __, decision, ...others } = record.unmapped;
  const withViolations = (violations: readonly object[] = []) => ({
    ...record,
    unmapped: { ...others, decision: decision && { ...decision, violations } },
  });
  const violations = decision?.violations.map((violation) => ({ ...violation, allowed: undefined }));
  yield withViolations(decision?.violations);
  yield withViolations(violations);
  const least = withViolations(violations?.slice(0, maxViolations));
  yield least;
  const { status_detail, unmapped } = least;
  for (const part of [{ status_detail, unmapped }, least])
    for (let most = 1024; most >= 128; most /= 2) yield { ...least, ...(shortened(part, most) as object) };
}

/** Texts take at most so many bytes in JSON, which has up to six for a character; ids of 128 characters stay whole. */
function shortened(value: unknown, most: number): unknown {
  if (typeof value === 'string') {
    const fits = Buffer.byteLength(canonicalText(value)) - 2 <= most;
    return fits ? value : value.slice(0, most / 6).toWellFormed();
  }
  if (Array.isArray(value)) return value.slice(0, most / 16).map((entry) => shortened(entry, most));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shortened(member, most)]));
}

/** A UTF-16 code unit takes three bytes at most. */
const sizeOf = (text: string): number =>
  text.length * 3 <= maxRecordBytes ? text.length : Buffer.byteLength(text);
