// Aerospike Cloud and an issuer as on other machines, with TLS: they are reached as 0.0.0.0, which is this machine, too, and no
// loopback address. And a port that hangs.
import { readFileSync } from 'node:fs';
import { connect, createServer as createPlainServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer } from 'node:tls';
import { type AerospikeCloud, startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { makeAuthority, makeCertificate, type Pair, trustAuthority } from '../support/certificates.ts';
import { startIssuer } from '../support/issuer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** TLS on a port of loopback in front of a plain server. Returns the open connections, too. */
export async function startTls(test: TestContext, certificate: Pair, target: number) {
  const sockets = new Set<Socket>();
  const server = createServer(
    { cert: readFileSync(certificate.certFile), key: readFileSync(certificate.keyFile) },
    (near) => {
      const far = connect(target, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(socket);
        socket.pipe(other);
        socket
          .on('error', () => undefined)
          .on('close', () => {
            sockets.delete(socket);
            other.destroy();
          });
      }
    },
  ).on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as { port: number }).port, connections: () => sockets.size / 2 };
}

export const portOf = (url: string): number => Number(new URL(url).port);

/** Aerospike Cloud, its token endpoint and an issuer as on other machines. */
export async function startElsewhere(test: TestContext, host = 'IP:0.0.0.0') {
  const folder = temporaryFolder();
  const authority = makeAuthority(folder, 'elsewhere');
  trustAuthority(test, authority);
  const certificate = makeCertificate(folder, 'server', authority, 2, host);
  const [cloud, issuer] = [await startAerospikeCloud(), await startIssuer()];
  test.after(() => Promise.all([cloud.close(), issuer.close()]));
  const cloudTls = await startTls(test, certificate, portOf(cloud.apiUrl));
  const issuerTls = await startTls(test, certificate, portOf(issuer.url));
  const environment = {
    AEROSPIKE_API_URL: cloud.apiUrl.replace(/^http:..[^/]*/, `https://0.0.0.0:${cloudTls.port}`),
    AEROSPIKE_TOKEN_URL: cloud.tokenUrl.replace(/^http:..[^/]*/, `https://0.0.0.0:${cloudTls.port}`),
    AEROSPIKE_CLIENT_ID: cloud.clientId,
    AEROSPIKE_CLIENT_SECRET: cloud.clientSecret,
    AUTH_JWKS_URI: `https://0.0.0.0:${issuerTls.port}/jwks`,
    PREFLIGHT: 'enforce',
  };
  return {
    cloud,
    issuer,
    folder,
    authority,
    environment,
    cloudPort: cloudTls.port,
    issuerPort: issuerTls.port,
    cloudTls,
  };
}

/** Accepts connections and answers nothing. */
export async function startHung(test: TestContext) {
  const sockets = new Set<Socket>();
  const server = createPlainServer((socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as { port: number }).port, connections: () => sockets.size };
}

export const hungPort = async (test: TestContext): Promise<number> => (await startHung(test)).port;

/** Creates that have come to Aerospike Cloud. */
export const posts = (cloud: AerospikeCloud): number =>
  cloud.requests.filter(({ method, path }) => method === 'POST' && path.startsWith('/v1/')).length;
