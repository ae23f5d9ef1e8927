// Bounds a log line: a pipe writes up to PIPE_BUF bytes atomically, and container runtimes split much longer lines. A truncated
// line is still JSON, with the member `truncated`.

const maxLineBytes = 4096;

/** Truncates the longest strings and lists. `line` and the result are a JSON object and a newline. */
export function boundLine(line: string): string {
  // A UTF-16 code unit takes at most three bytes.
  if (line.length * 3 <= maxLineBytes || Buffer.byteLength(line) <= maxLineBytes) return line;
  const fields = JSON.parse(line) as Readonly<Record<string, unknown>>;
  for (let maxLength = 1024; maxLength >= 32; maxLength /= 2) {
    const shorter = render({ ...(truncate(fields, maxLength) as object), truncated: true });
    if (Buffer.byteLength(shorter) <= maxLineBytes) return shorter;
  }
  const { level, time, msg } = fields;
  return render({ level, time, msg: truncate(msg, 256), truncated: true });
}

const render = (fields: object): string => `${JSON.stringify(fields)}\n`;

function truncate(value: unknown, maxLength: number): unknown {
  if (typeof value === 'string')
    return value.length > maxLength ? `${value.slice(0, maxLength).toWellFormed()}…` : value;
  if (Array.isArray(value)) return value.slice(0, maxLength / 32).map((item) => truncate(item, maxLength));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, truncate(member, maxLength)]),
  );
}
