// How many connections one address may have, by the gateway's own defaults: real sockets from addresses of loopback.
import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { head, openRaw, type RawConnection } from '../../support/raw-http.ts';

const trusted = { environment: { TRUST_PROXY: '127.0.0.1' } };
const nowhere = head('GET /nowhere HTTP/1.1');

/** How many connections the gateway has ended, for a reason. */
const ended = ({ logs }: TestGateway, reason: string): number =>
  logs.filter((line) => line.msg === 'closed a connection' && line.reason === reason).length;

/** So many connections, each of which has been answered and stays. */
async function openAnswered(t: TestContext, port: number, count: number): Promise<RawConnection[]> {
  const connections: RawConnection[] = [];
  t.after(() => {
    for (const connection of connections) connection.destroy();
  });
  for (let opened = 0; opened < count; opened += 1) {
    const connection = await openRaw(port);
    connections.push(connection);
    connection.write(nowhere);
    assert.equal((await connection.answer()).status, 404, `connection ${opened + 1}`);
  }
  return connections;
}

suite('connection bounds', { concurrency: true }, () => {
  test('one address has 256 connections and no more; when one ends there is room, and another address has its own', async (t) => {
    const gateway = await startTestGateway(t);
    const [first] = await openAnswered(t, gateway.port, 256);
    // The reset may come before the client knows of its connection.
    const excess = await openRaw(gateway.port).then(
      (connection) => connection.rest(),
      ({ code }) => code,
    );
    assert.ok(['', 'ECONNRESET'].includes(excess), excess);
    assert.equal(ended(gateway, 'address-connections'), 1);
    const other = await openRaw(gateway.port, '127.0.0.2');
    other.write(nowhere);
    assert.equal((await other.answer()).status, 404);
    other.destroy();
    first?.end();
    assert.equal(await first?.rest(), '');
    await openAnswered(t, gateway.port, 1);
  });

  test('a trusted proxy has more than 256 connections', async (t) => {
    const gateway = await startTestGateway(t, trusted);
    await openAnswered(t, gateway.port, 300);
    assert.equal(ended(gateway, 'address-connections'), 0);
  });
});
