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
  const certificate = (pem: Buffer) => new X509Certificate(pem);
  const faults = [
    faultOf('TLS_CERT_FILE', certFile, 'a PEM certificate', certificate),
    faultOf('TLS_KEY_FILE', keyFile, 'a PEM private key', (pem) => createPrivateKey(pem)),
    faultOf('TLS_CLIENT_CA_FILE', clientCaFile, 'PEM certificates', certificate),
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0 || certFile === undefined || keyFile === undefined) return faults;
  try {
    createSecureContext(readTls({ certFile, keyFile, clientCaFile }));
    return [];
  } catch {
    return ['TLS_KEY_FILE: found a key that is not the one of TLS_CERT_FILE; expected the two to fit'];
  }
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

function faultOf(
  variable: string,
  path: string | undefined,
  expected: string,
  parse: (pem: Buffer) => unknown,
): string | undefined {
  if (path === undefined) return undefined;
  try {
    parse(readFileSync(path));
    return undefined;
  } catch (error) {
    const unreadable = (error as NodeJS.ErrnoException).syscall !== undefined;
    const found = `${unreadable ? 'no readable file' : 'something else'} at ${JSON.stringify(path)}`;
    return `${variable}: found ${found}; expected ${expected}`;
  }
}
