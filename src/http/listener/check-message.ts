// Refuses messages that Node's parser accepts although they are ambiguous, or although RFC 9112 requires a server to refuse
// them.
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../errors.ts';
import { valuesOf } from '../../net/raw-headers.ts';

/** RFC 9110 section 7.2: `uri-host [ ":" port ]` (RFC 3986 section 3.2.2). May be empty; Node's client also sends zones of IPv6. */
const hostValue =
  /^(\[[\da-f:.]+(%[\w.~%-]+)?\]|\[v[\da-f]+\.[\w.~!$&'()*+,;=:-]+\]|([\w.~!$&'()*+,;=-]|%[\da-f]{2})*)(:\d*)?$/i;

/** Throws `request-malformed`. The answer closes the connection: it is uncertain where the next request begins. */
export function checkMessage(request: IncomingMessage): void {
  const fault = faultOf(request);
  if (fault === undefined) return;
  throw new GatewayError('request-malformed', { detail: fault, headers: { Connection: 'close' } });
}

function faultOf({ httpVersion, headers, rawHeaders }: IncomingMessage): string | undefined {
  // Node's parser also accepts the versions 0.9 and 2.0.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return 'Only HTTP/1.1 and HTTP/1.0 are supported.';
  const transfer = headers['transfer-encoding'];
  // RFC 9112 section 6.1: with an unknown coding, the end of the message is ambiguous.
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked')
    return 'The only supported transfer coding is chunked.';
  // RFC 9112 section 6.1, on codings in HTTP/1.0.
  if (transfer !== undefined && httpVersion === '1.0') return 'HTTP/1.0 has no transfer codings.';
  // RFC 9112 section 3.2.
  const hosts = valuesOf('host', rawHeaders);
  if (hosts.length > 1 || (hosts.length === 0 && httpVersion === '1.1'))
    return 'The request must have exactly one Host header.';
  if (!hosts.every((host) => hostValue.test(host))) return 'The Host header must name a host.';
  return undefined;
}
