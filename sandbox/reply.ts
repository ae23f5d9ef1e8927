// An answer as a value, and the one place that writes it to a socket.
import type { ServerResponse } from 'node:http';

export interface Reply {
  readonly status: number;
  /** `application/json` unless it says otherwise; of no matter without a body. */
  readonly mediaType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export function sendReply(res: ServerResponse, reply: Reply): void {
  if (reply.body === undefined) {
    res.writeHead(reply.status, reply.headers).end();
    return;
  }
  const bytes = Buffer.from(JSON.stringify(reply.body));
  res
    .writeHead(reply.status, {
      'Content-Type': reply.mediaType ?? 'application/json',
      'Content-Length': bytes.length,
      ...reply.headers,
    })
    .end(bytes);
}
