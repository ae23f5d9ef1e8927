// Where the gateway with this environment listens for its orchestrator, for somebody on the same machine. Looks at three
// settings only, so that a fault in another one does not pass for an ill gateway.
import { type Setting, settings } from './schema.ts';

interface AdminAddress {
  readonly host: string;
  readonly port: number;
}

/** A listener on all addresses is reached through loopback. */
const reachable = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** `undefined` when a setting has a fault, or leaves the choice of the port to the system. */
export function adminAddress(
  environment: Readonly<Record<string, string | undefined>>,
): AdminAddress | undefined {
  const read = <T>(name: 'HOST' | 'ADMIN_HOST' | 'ADMIN_PORT', { fallback, read: reader }: Setting<T>) => {
    const text = environment[name] || fallback;
    return text === undefined ? undefined : reader(text);
  };
  const ownHost = Boolean(environment['ADMIN_HOST']);
  const host = ownHost ? read('ADMIN_HOST', settings.ADMIN_HOST) : read('HOST', settings.HOST);
  const port = read('ADMIN_PORT', settings.ADMIN_PORT);
  if (host === undefined || port === undefined || port === 0) return undefined;
  return { host: reachable.get(host) ?? host, port };
}
