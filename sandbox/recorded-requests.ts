// What a server saw, kept for tests to look at: every request in order of arrival, the newest thousand of them.
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface RecordedRequest {
  /** The `X-Request-Id` that the answer to it carries. */
  readonly requestId: string;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values alternating, as they came, repeated ones included. */
  readonly rawHeaders: readonly string[];
  /** Milliseconds since the epoch by the sandbox's clock, when the headers had arrived. */
  readonly time: number;
  /** Empty until all of it has arrived. */
  body: string;
}

const keptMax = 1_000;
const bodyMax = 1_048_576;

/** Adds the request, at once, and resolves when its body is there; a body over 1 MiB ends the connection. */
export async function recordRequest(
  requests: RecordedRequest[],
  req: IncomingMessage,
  time: number,
): Promise<RecordedRequest> {
  const recorded: RecordedRequest = {
    requestId: randomUUID(),
    method: req.method ?? 'GET',
    path: req.url ?? '/',
    headers: req.headers,
    rawHeaders: req.rawHeaders,
    time,
    body: '',
  };
  requests.push(recorded);
  if (requests.length > keptMax) requests.shift();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyMax) req.destroy();
    else chunks.push(chunk);
  }
  recorded.body = Buffer.concat(chunks).toString('utf8');
  return recorded;
}
