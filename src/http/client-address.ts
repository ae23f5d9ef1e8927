// The address that a request came from: the socket's, or what a trusted ingress says in X-Forwarded-For. Always an IP
// address, whatever stands in the header.
import { isIP } from 'node:net';
import type { Request } from 'express';

const withPort = /^(?:\[([0-9a-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/i;
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Express evaluates the header by `trust proxy`; some ingresses add a port there. */
export function clientAddress(request: Request): string {
  const claimed = address(request.ip ?? '');
  return claimed ?? address(request.socket.remoteAddress ?? '') ?? '0.0.0.0';
}

function address(text: string): string | undefined {
  const parts = withPort.exec(text);
  const bare = parts?.[1] ?? parts?.[2] ?? text;
  const plain = mapped.exec(bare)?.[1] ?? bare;
  return isIP(plain) === 0 ? undefined : plain;
}
