// The client address of a request: the socket's, or that in a trusted ingress's X-Forwarded-For. It is always an IP address
// in canonical form, so that log, rate limit and audit record agree.
import { isIP, type Socket, SocketAddress } from 'node:net';
import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import type { Logger } from '../../logging/logger.ts';

const withPort = /^(?:\[([0-9a-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/i;
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Express evaluates the header by `trust proxy`; some ingresses add a port there. */
export function clientAddresses(logger: Logger): (request: Request) => string {
  let isWarned = false;
  // Many requests come on one connection.
  const known = new WeakMap<Socket, string>();
  return (request) => {
    const { socket } = request;
    if (request.headers['x-forwarded-for'] !== undefined) {
      if (!isWarned && !isTrusted(request)) {
        isWarned = true;
        logger.warn(
          { clientAddress: addressOf(socket) },
          'X-Forwarded-For from an address outside TRUST_PROXY is ignored: if an ingress sends it, all callers share one address limit',
        );
      }
      const claimed = address(request.ip ?? '');
      if (claimed !== undefined) return claimed;
    }
    let own = known.get(socket);
    if (own === undefined) {
      own = addressOf(socket);
      known.set(socket, own);
    }
    return own;
  };
}

/** What Express makes of `trust proxy`, asked about the connection's other end. */
const isTrusted = ({ app, socket }: Request): boolean =>
  (app.get('trust proxy fn') as (address: string, distance: number) => boolean)(
    socket.remoteAddress ?? '',
    0,
  );

/** The connection's other end. */
export const addressOf = (socket: Socket): string => address(socket.remoteAddress ?? '') ?? '0.0.0.0';

/** Prefix length of the IPv6 network that one customer commonly has. */
const ipv6Subnet = 56;

/** The key for limits per address. All IPv6 addresses of one customer share a key. */
export const addressKey = (clientAddress: string): string => ipKeyGenerator(clientAddress, ipv6Subnet);

function address(text: string): string | undefined {
  const parts = withPort.exec(text);
  const bare = parts?.[1] ?? parts?.[2] ?? text;
  // Without a zone (RFC 4007 section 6), which means something on the sender's machine only.
  const [unscoped = ''] = bare.split('%');
  const version = isIP(unscoped);
  if (version === 0) return undefined;
  // RFC 5952 spelling.
  const canonical = new SocketAddress({ address: unscoped, family: version === 6 ? 'ipv6' : 'ipv4' }).address;
  return mapped.exec(canonical)?.[1] ?? canonical;
}
