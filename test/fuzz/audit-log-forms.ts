// The ways in which systems that keep events hand a log back, and what of a record they may change.
import type { Form } from './audit-log-cases.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A text that is no JSON is handed back as it is. */
const rewritten = (text: string, write: (value: Json) => string): string => {
  try {
    return write(JSON.parse(text) as Json);
  } catch {
    return text;
  }
};

const mapped = (value: Json, change: (entries: [string, Json][]) => [string, Json][]): Json => {
  if (Array.isArray(value)) return value.map((element) => mapped(element, change));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]): [string, Json] => [name, mapped(inner, change)]);
  return Object.fromEntries(change(entries));
};

/** One text for one meaning: what a member without a value and the order of members do not change. */
export const canonical = (value: unknown): string =>
  JSON.stringify(
    mapped(value as Json, (entries) =>
      entries.filter(([, inner]) => inner !== null).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  );

const eachLine = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');
const each = (texts: readonly string[], write: (value: Json) => string): string =>
  eachLine(texts.map((text) => rewritten(text, write)));

export const carriers: Readonly<Record<Form, (texts: readonly string[]) => string>> = {
  lines: eachLine,
  gzip: eachLine,
  crlf: (texts) => texts.map((text) => `${text}\r\n`).join(''),
  array: (texts) => `[\n${texts.join(',\n')}\n]\n`,
  'laid-out': (texts) => each(texts, (value) => JSON.stringify(value, null, 2)),
  wrapped: (texts) => each(texts, (value) => JSON.stringify({ _index: 'audit', _source: value })),
  quoted: (texts) => each(texts, (value) => JSON.stringify({ time: 'x', log: JSON.stringify(value) })),
  reordered: (texts) =>
    each(texts, (value) => JSON.stringify(mapped(value, (entries) => entries.toReversed()))),
  'with-nulls': (texts) =>
    each(texts, (value) => JSON.stringify(mapped(value, (entries) => [['aNull', null], ...entries]))),
};
