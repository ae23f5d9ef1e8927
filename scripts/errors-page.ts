// docs/errors.md, made from the table of errors and its advice. `npm run schema` writes it, and a test compares.
import { type ErrorCode, errorRules } from '../src/errors.ts';
import { errorGuide } from '../src/http/docs/error-guide.ts';

const introduction = `# Errors

What the gateway itself answers in place of Aerospike Cloud, and what to do about it. A running gateway shows the same
list at \`/docs/errors\`.

<!-- \`npm run schema\` writes this page from src/errors.ts and src/http/docs/error-guide.ts. -->

Each answer is \`application/problem+json\` (RFC 9457). The code below is its member \`code\`, \`details\` in
\`Proxy-Status\`, \`code\` in the log and \`status_code\` in the audit record. \`type\` begins with \`urn:aerospike:errors:\`. The
header \`Link\` leads to the entry at \`/docs/errors\`. Errors of Aerospike Cloud pass through unchanged, except a 401, which
concerns the credential of the gateway.

| code | status | type | what happened | who can fix it | what to do |
| --- | --- | --- | --- | --- | --- |
`;

const sent = `
## Was it sent?

Answers with 502, 504 and some with 503 have \`context.sent\`:

| \`sent\` | meaning | what to do |
| --- | --- | --- |
| \`no\` | Aerospike Cloud did not get the request, or refused it with 401. | Send it again. |
| \`maybe\`, \`yes\` | Aerospike Cloud may have acted on it. | Repeat a create with its \`Idempotency-Key\`, or read the list first. |

The gateway repeats a request by itself in two cases only: once after a 401, with a new service token, and once for a
read whose reused connection closed before an answer began.

A 502 or 504 has \`Retry-After\` if Aerospike Cloud or its token endpoint sent one.
`;

/** Markdown. */
export function errorsPage(): string {
  const rows = (Object.keys(errorRules) as ErrorCode[]).map((code) => {
    const { status, type, detail } = errorRules[code];
    const { who, remedy } = errorGuide[code];
    const name = type.replace('urn:aerospike:errors:', '');
    return `| \`${code}\` | ${status} | \`${name}\` | ${detail} | ${who} | ${remedy} |\n`;
  });
  return `${introduction}${rows.join('')}${sent}`;
}
