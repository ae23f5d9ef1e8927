// The address that a request came from: the socket's, or what a trusted ingress says in X-Forwarded-For. Always an IP
// address in its one spelling, whatever stands in the header, so that log, limit and record agree on who it was.
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

/** One customer commonly has an IPv6 network of this size, and with it any number of addresses. */
const ipv6Subnet = 56;

/** What an address counts as where there is a limit for each: IPv6 addresses of one customer are one. */
export const addressKey = (clientAddress: string): string => ipKeyGenerator(clientAddress, ipv6Subnet);

function address(text: string): string | undefined {
  const parts = withPort.exec(text);
  const bare = parts?.[1] ?? parts?.[2] ?? text;
  const version = isIP(bare);
  if (version === 0) return undefined;
  // RFC 5952 spelling, without a zone (RFC 4007 section 6), which means something on the sender's machine only.
  const canonical = new SocketAddress({ address: bare, family: version === 6 ? 'ipv6' : 'ipv4' }).address;
  return mapped.exec(canonical)?.[1] ?? canonical;
}
