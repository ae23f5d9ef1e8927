// A client that is slow, on purpose or by accident, holds its connection for a bounded time and no longer. The tests wait
// for the gateway's own limits, all at once.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertRefused } from '../../support/assert-refused.ts';
import { peeringsPath, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { head, openRaw, type RawConnection } from '../../support/raw-http.ts';

const refusal = { status: 408, type: 'validation:failed', recorded: undefined } as const;

async function createHead(gateway: TestGateway): Promise<string> {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const fields = {
    Authorization: authorization,
    'Content-Type': 'application/json',
    'Content-Length': '400',
  };
  return head(`POST ${peeringsPath} HTTP/1.1`, fields);
}

/** Sends one byte after another, so that no limit on silence could end it. */
async function whileDripping<T>(connection: RawConnection, act: () => Promise<T>): Promise<T> {
  const drip = setInterval(() => connection.write(' '), 200);
  try {
    return await act();
  } finally {
    clearInterval(drip);
    connection.destroy();
  }
}

suite('slow clients', { concurrency: true }, () => {
  test('a connection that sends nothing is ended with 408', async (t) => {
    const gateway = await startTestGateway(t);
    const connection = await openRaw(gateway.port);
    await assertRefused(gateway, () => connection.answer(), refusal);
    assert.equal(await connection.rest(), '');
  });

  test('a header section that does not end is ended with 408', async (t) => {
    const gateway = await startTestGateway(t);
    const connection = await openRaw(gateway.port);
    connection.write((await createHead(gateway)).replace(/\r\n$/, 'X-Note: '));
    await whileDripping(connection, async () => {
      await assertRefused(gateway, () => connection.answer(), refusal);
      assert.equal(await connection.rest(), '');
    });
  });

  test('a body that does not end is ended with 408 and recorded as its caller’s', async (t) => {
    const gateway = await startTestGateway(t);
    const connection = await openRaw(gateway.port);
    connection.write(await createHead(gateway));
    await whileDripping(connection, async () => {
      const recorded = { ...refusal, recorded: 'request-timeout', subject: 'svc-payments' };
      const reply = await assertRefused(gateway, () => connection.answer(), recorded);
      assert.equal(reply.headers['connection'], 'close');
      assert.equal(await connection.rest(), '');
    });
  });
});
