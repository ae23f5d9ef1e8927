// The token issuer of the measurements: metadata and one key set over loopback, and nothing else. Tokens are signed
// beforehand.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `jwks`: the key set's text. Resolves to the issuer's URL. */
export async function startIssuer(jwks: string): Promise<string> {
  const server = createServer((request, response) => {
    const metadata = JSON.stringify({ issuer: url, jwks_uri: `${url}/jwks` });
    const documents: Record<string, string> = {
      '/jwks': jwks,
      '/.well-known/openid-configuration': metadata,
    };
    const body = documents[request.url ?? ''];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(body ?? '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return url;
}
