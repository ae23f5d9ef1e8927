// TLS on the public listener, for those whose ingress passes it through: certificate and key from files that are read again
// when they change, and callers' certificates asked for when there is a CA for them. Files with a fault never replace good
// ones.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { watchFiles } from '../../config/watch-files.ts';
import type { Logger } from '../../logging/logger.ts';

/** PEM files. */
export interface TlsFiles {
  /** The certificate and those between it and the root. */
  readonly certFile: string;
  readonly keyFile: string;
  /** When set, a caller without a certificate of these CAs gets no connection. */
  readonly clientCaFile: string | undefined;
}

type GivenTlsFiles = { readonly [Name in keyof TlsFiles]: string | undefined };

/** One line for each file with a fault: its variable, what was found, what is expected. Files that are not given are passed over. */
export function tlsFaults({ certFile, keyFile, clientCaFile }: GivenTlsFiles): string[] {
  const faults: string[] = [];
  const read = <Parsed>(
    variable: string,
    path: string | undefined,
    expected: string,
    parse: Parse<Parsed>,
  ) => {
    if (path === undefined) return undefined;
    try {
      return parse(readFileSync(path));
    } catch (error) {
      faults.push(describe(variable, path, expected, error));
      return undefined;
    }
  };
  const certificates = read('TLS_CERT_FILE', certFile, 'PEM certificates', certificatesIn);
  const key = read('TLS_KEY_FILE', keyFile, 'a PEM private key', (pem) => createPrivateKey(pem));
  read('TLS_CLIENT_CA_FILE', clientCaFile, 'PEM certificates', certificatesIn);
  if (certificates !== undefined && key !== undefined && !certificates[0].checkPrivateKey(key))
    faults.push('TLS_KEY_FILE: found a key that is not the one of TLS_CERT_FILE; expected the two to fit');
  if (faults.length === 0 && certFile !== undefined && keyFile !== undefined)
    faults.push(...refusalOf({ certFile, keyFile, clientCaFile }));
  return faults;
}

/** Options of a server that asks for callers' certificates when there is a CA. Throws when a file cannot be read. */
export const tlsOptions = (files: TlsFiles): TlsOptions => ({
  ...readTls(files),
  minVersion: 'TLSv1.2',
  handshakeTimeout: 5000,
  requestCert: files.clientCaFile !== undefined,
  rejectUnauthorized: files.clientCaFile !== undefined,
});

export interface WatchedTls {
  /** When the certificate ends that new connections get, in milliseconds since the epoch. */
  endsAt(): number;
  /** Ends every connection, those too that are no further than their handshake: to the HTTP server they are none yet. */
  endConnections(): void;
  stop(): void;
}

/** Open connections keep the certificate that they began with. */
export function watchTls(server: Server, files: TlsFiles, logger: Logger): WatchedTls {
  const paths = [files.certFile, files.keyFile, files.clientCaFile].filter((path) => path !== undefined);
  let endsAt = endOf(files);
  const stop = watchFiles({
    files: () => paths,
    watching: () => undefined,
    changed() {
      const faults = tlsFaults(files);
      if (faults.length > 0) {
        logger.error({ faults }, 'the changed TLS files have faults; the ones before stay in use');
        return;
      }
      server.setSecureContext({ ...readTls(files), minVersion: 'TLSv1.2' });
      endsAt = endOf(files);
      logger.info('the TLS files were read again');
    },
  });
  return { stop, endsAt: () => endsAt, endConnections: trackSockets(server) };
}

function trackSockets(server: Server): () => void {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

const endOf = ({ certFile }: TlsFiles): number =>
  new X509Certificate(readFileSync(certFile)).validToDate.getTime();

function readTls({ certFile, keyFile, clientCaFile }: TlsFiles): SecureContextOptions {
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ...(clientCaFile === undefined ? {} : { ca: readFileSync(clientCaFile) }),
  };
}

type Parse<Parsed> = (pem: Buffer) => Parsed;

/** Every certificate of a PEM file, the first being the server's own. Throws when there is none, or one is broken or cut off. */
function certificatesIn(pem: Buffer): [X509Certificate, ...X509Certificate[]] {
  // What OpenSSL reads as a certificate; a private key may stand in the same file.
  const blocks =
    pem
      .toString('latin1')
      .match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*(?:-----END [^-]*-----)?/g) ?? [];
  const [first, ...others] = blocks.map((block) => new X509Certificate(block));
  if (first === undefined) throw new Error('no PEM certificate');
  return [first, ...others];
}

/** What OpenSSL refuses although every file can be read, such as a key that is too short. */
function refusalOf(files: TlsFiles): string[] {
  try {
    createSecureContext(readTls(files));
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [
      `TLS_CERT_FILE: found files that TLS refuses (${code}); expected a certificate and key that it takes`,
    ];
  }
}

function describe(variable: string, path: string, expected: string, error: unknown): string {
  const unreadable = (error as NodeJS.ErrnoException).syscall !== undefined;
  const found = `${unreadable ? 'no readable file' : 'something else'} at ${JSON.stringify(path)}`;
  return `${variable}: found ${found}; expected ${expected}`;
}
