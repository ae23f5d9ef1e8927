// Refuses messages that Node's parser lets pass although two readers could take them in two ways, or although RFC 9112
// tells a server to refuse them.
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../errors.ts';
import { valuesOf } from '../../net/raw-headers.ts';

/** Throws `request-malformed`. The connection ends with the answer: where the next request begins is not certain. */
export function checkMessage(request: IncomingMessage): void {
  const fault = faultOf(request);
  if (fault === undefined) return;
  throw new GatewayError('request-malformed', { detail: fault, headers: { Connection: 'close' } });
}

function faultOf({ httpVersion, headers, rawHeaders }: IncomingMessage): string | undefined {
  // Node's parser also takes 0.9 and 2.0 for the version of a request line.
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return 'The only versions understood here are HTTP/1.1 and 1.0.';
  const transfer = headers['transfer-encoding'];
  // RFC 9112 section 6.1: a coding that is not understood makes the end of the message a matter of opinion.
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked')
    return 'The only transfer coding that is understood here is chunked.';
  // The same section, on codings in a version that does not have them.
  if (transfer !== undefined && httpVersion === '1.0') return 'HTTP/1.0 has no transfer codings.';
  // RFC 9112 section 3.2.
  const hosts = valuesOf('host', rawHeaders).length;
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1'))
    return 'The request needs exactly one Host header.';
  return undefined;
}
