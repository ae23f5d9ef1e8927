// A gateway whose issuer also publishes the keys of a test's own forges, and a server that an attacker controls.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import type { Forge } from './forge.ts';

/** The issuer's own key comes first, then those of the forges. */
export async function startForged(
  test: TestContext,
  forges: readonly Forge[],
  environment: Record<string, string> = {},
): Promise<TestGateway> {
  const issuer = await startIssuer();
  test.after(() => issuer.close());
  issuer.keys = [...issuer.keys, ...forges.map(({ jwk }) => jwk)];
  return await startTestGateway(test, { issuer, environment });
}

export interface Attacker {
  readonly url: string;
  /** Connections accepted since the start. */
  connections(): number;
}

/** Serves the keys of a forge under every path. */
export async function startAttacker(test: TestContext, forge: Forge): Promise<Attacker> {
  let connections = 0;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ keys: [forge.jwk] }));
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, connections: () => connections };
}
