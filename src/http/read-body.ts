// Reads the body of an authenticated request: at most 16,384 bytes of uncompressed application/json. Refuses by the headers
// alone if possible, and never keeps more than the limit in memory.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../errors.ts';
import { valuesOf } from '../net/raw-headers.ts';
import type { MalformedRequests } from './listener/malformed-requests.ts';

export const maxBodyBytes = 16_384;
/** RFC 9110 section 5.6.6: parameters may be empty. */
const jsonMediaType = /^application\/json[ \t]*(;[ \t]*(charset[ \t]*=[ \t]*("utf-8"|utf-8)[ \t]*)?)*$/i;

/** The body's bytes. Rejects with a `GatewayError`. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  malformedRequests: MalformedRequests,
): Promise<Buffer> {
  checkCoding(request);
  checkMediaType(request);
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw new GatewayError('body-too-large');
  // RFC 9110 section 10.1.1: the client sends the body only now, unless it has begun already.
  if (isExpectingContinue(request) && !hasArrived(request)) response.writeContinue();
  // A small body has usually arrived with its head, and needs no listeners.
  const isHere = request.complete && !request.destroyed && request.readableLength <= maxBodyBytes;
  if (isHere) return request.read() ?? Buffer.alloc(0);
  return await collect(request, malformedRequests);
}

/** RFC 9110 section 10.1.1: in HTTP/1.0 the expectation is ignored. */
export const isExpectingContinue = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.expect?.toLowerCase() === '100-continue' && httpVersion !== '1.0';

/** Part of the body, or its end. */
const hasArrived = ({ complete, readableLength }: IncomingMessage): boolean => complete || readableLength > 0;

/** RFC 9110 section 15.5.16: the answer names the supported codings. */
function checkCoding(request: IncomingMessage): void {
  const coding = request.headers['content-encoding'];
  if (coding === undefined || coding.toLowerCase() === 'identity') return;
  const detail = 'The request body must not be compressed.';
  throw new GatewayError('media-type-unsupported', { detail, headers: { 'Accept-Encoding': 'identity' } });
}

function checkMediaType(request: IncomingMessage): void {
  const values = valuesOf('content-type', request.rawHeaders);
  const [value] = values;
  if (values.length === 1 && value !== undefined && jsonMediaType.test(value)) return;
  throw new GatewayError('media-type-unsupported', { headers: { Accept: 'application/json' } });
}

function collect(request: IncomingMessage, malformedRequests: MalformedRequests): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const fail = (error: GatewayError) => {
      request.off('data', take);
      reject(error);
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBodyBytes) fail(new GatewayError('body-too-large'));
      else chunks.push(chunk);
    };
    // The caller hung up during authentication: the request emits no more events.
    if (request.destroyed) return fail(new GatewayError('request-malformed'));
    request.on('data', take);
    let whole = false;
    request.once('end', () => {
      whole = true;
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    });
    request.once('error', (cause) => fail(new GatewayError('request-malformed', { cause })));
    request.once('close', () => {
      if (!whole) fail(new GatewayError('request-malformed'));
    });
    malformedRequests.watch(request, fail);
  });
}
