// The URLs that the gateway may call: https, or http if the host is loopback. Refuses credentials and fragments.
import { isIP } from 'node:net';

/** `undefined` if the gateway must not call the URL. */
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
