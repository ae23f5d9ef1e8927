// Which URLs the gateway talks to: https, or http when the host is this machine. Refuses credentials and fragments.
import { isIP } from 'node:net';

/** The parsed URL, or `undefined` when it is not one that may be used. */
export function parseSecureUrl(text: string): URL | undefined {
  if (/[\s#\\]/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return undefined;
  if (url.protocol === 'https:') return url;
  return url.protocol === 'http:' && isLoopback(url.hostname) ? url : undefined;
}

/** `host` as `URL.hostname` has it: an IPv6 address in brackets. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
