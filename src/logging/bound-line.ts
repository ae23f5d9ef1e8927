// Bounds a log line. A pipe takes so much in one piece (PIPE_BUF), and container runtimes split what is much longer; a line
// that is cut to fit is still JSON, and says that it was cut.

const maxLineBytes = 4096;

/** `line` is a JSON object and a newline, and so is what is returned; its longest texts and lists lose their ends. */
export function boundLine(line: string): string {
  // A UTF-16 code unit takes three bytes at most.
  if (line.length * 3 <= maxLineBytes || Buffer.byteLength(line) <= maxLineBytes) return line;
  const fields = JSON.parse(line) as Readonly<Record<string, unknown>>;
  for (let maxLength = 1024; maxLength >= 32; maxLength /= 2) {
    const shorter = render({ ...(cut(fields, maxLength) as object), truncated: true });
    if (Buffer.byteLength(shorter) <= maxLineBytes) return shorter;
  }
  const { level, time, msg } = fields;
  return render({ level, time, msg: cut(msg, 256), truncated: true });
}

const render = (fields: object): string => `${JSON.stringify(fields)}\n`;

function cut(value: unknown, maxLength: number): unknown {
  if (typeof value === 'string')
    return value.length > maxLength ? `${value.slice(0, maxLength).toWellFormed()}…` : value;
  if (Array.isArray(value)) return value.slice(0, maxLength / 32).map((item) => cut(item, maxLength));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cut(member, maxLength)]));
}
