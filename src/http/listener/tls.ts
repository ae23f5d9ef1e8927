// TLS on the public listener, for an ingress that passes it through. Reads certificate and key again when the files change, and
// requires client certificates if a CA is set. Faulty files never replace good ones.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import { watchFiles } from '../../async/watch-files.ts';
import type { Logger } from '../../logging/logger.ts';
import { readRegularFileSync } from '../../regular-file.ts';

/** PEM files. */
export interface TlsFiles {
  /** The certificate and its intermediates. */
  readonly certFile: string;
  readonly keyFile: string;
  /** If set, callers need a certificate of these CAs. */
  readonly clientCaFile: string | undefined;
}

type GivenTlsFiles = { readonly [Name in keyof TlsFiles]: string | undefined };

/** One line per faulty file: its variable, what was found, what is expected. Ignores files that are not set. */
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
      return parse(readRegularFileSync(path));
    } catch (error) {
      faults.push(describe(variable, path, expected, error));
      return undefined;
    }
  };
  const certificates = read('TLS_CERT_FILE', certFile, 'PEM certificates', certificatesIn);
  const key = read('TLS_KEY_FILE', keyFile, 'a PEM private key', (pem) => createPrivateKey(pem));
  read('TLS_CLIENT_CA_FILE', clientCaFile, 'PEM certificates', certificatesIn);
  if (certificates !== undefined && key !== undefined && !certificates[0].checkPrivateKey(key))
    faults.push(
      "TLS_KEY_FILE: found a key that does not match TLS_CERT_FILE; expected the certificate's private key",
    );
  if (faults.length === 0 && certFile !== undefined && keyFile !== undefined)
    faults.push(...refusalOf({ certFile, keyFile, clientCaFile }));
  return faults;
}

/** Throws if a file cannot be read. */
export const tlsOptions = (files: TlsFiles): TlsOptions => ({
  ...readTls(files),
  minVersion: 'TLSv1.2',
  handshakeTimeout: 5000,
  requestCert: files.clientCaFile !== undefined,
  rejectUnauthorized: files.clientCaFile !== undefined,
});

interface WatchedTls {
  /** When the current certificate expires, in milliseconds since the epoch. */
  endsAt(): number;
  /** Destroys every connection. The HTTP server does not know those that are still in their handshake. */
  endConnections(): void;
  stop(): void;
}

/** Open connections keep their certificate. */
export function watchTls(server: Server, files: TlsFiles, logger: Logger): WatchedTls {
  const paths = [files.certFile, files.keyFile, files.clientCaFile].filter((path) => path !== undefined);
  let { endsAt } = certificateTimes(files);
  const stop = watchFiles({
    files: () => paths,
    watching: () => undefined,
    changed() {
      const faults = tlsFaults(files);
      if (faults.length > 0) {
        logger.error({ faults }, 'the changed TLS files have faults; the previous ones stay in use');
        return;
      }
      server.setSecureContext({ ...readTls(files), minVersion: 'TLSv1.2' });
      ({ endsAt } = certificateTimes(files));
      logger.info('reloaded the TLS files');
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

/** Of the server's own certificate, in milliseconds since the epoch. Throws when the file cannot be read. */
export function certificateTimes({ certFile }: TlsFiles): { beginsAt: number; endsAt: number } {
  const { validFromDate, validToDate } = new X509Certificate(readRegularFileSync(certFile));
  return { beginsAt: validFromDate.getTime(), endsAt: validToDate.getTime() };
}

function readTls({ certFile, keyFile, clientCaFile }: TlsFiles): SecureContextOptions {
  return {
    cert: readRegularFileSync(certFile),
    key: readRegularFileSync(keyFile),
    ...(clientCaFile === undefined ? {} : { ca: readRegularFileSync(clientCaFile) }),
  };
}

type Parse<Parsed> = (pem: Buffer) => Parsed;

/** All certificates of a PEM file, the server's own first. Throws if there is none, or if one is malformed or truncated. */
function certificatesIn(pem: Buffer): [X509Certificate, ...X509Certificate[]] {
  // OpenSSL's names for a certificate. The file may also contain a private key.
  const blocks =
    pem
      .toString('latin1')
      .match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]*(?:-----END [^-]*-----)?/g) ?? [];
  const [first, ...others] = blocks.map((block) => new X509Certificate(block));
  if (first === undefined) throw new Error('no PEM certificate');
  return [first, ...others];
}

/** Faults that only OpenSSL finds, such as a key that is too short. */
function refusalOf(files: TlsFiles): string[] {
  try {
    createSecureContext(readTls(files));
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [
      `TLS_CERT_FILE: found files that OpenSSL refuses (${code}); expected a usable certificate and key`,
    ];
  }
}

function describe(variable: string, path: string, expected: string, error: unknown): string {
  const unreadable = (error as NodeJS.ErrnoException).syscall !== undefined;
  const found = `${unreadable ? 'no readable file' : 'something else'} at ${JSON.stringify(path)}`;
  return `${variable}: found ${found}; expected ${expected}`;
}
