// Clients that do not read, or send requests behind a long wait, keep no capacity from others: real sockets, plain and TLS.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { holdUpstream } from '../../acceptance/hold-upstream.ts';
import { makeAuthority, makeCertificate, noOpenssl } from '../../support/certificates.ts';
import { peeringsPath, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { head, openRaw } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';

const bundle = head('GET /docs/swagger-ui-bundle.js HTTP/1.1');

async function metric(gateway: TestGateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`peergate_${name} `));
  return Number(line?.slice(line.lastIndexOf(' ')));
}

/** 30 connections, 360 requests, nothing read. */
async function readNothing(gateway: TestGateway, open: () => Promise<Socket>): Promise<void> {
  const sockets: Socket[] = [];
  try {
    for (let count = 0; count < 30; count += 1) {
      const socket = await open();
      socket.on('error', () => undefined).pause();
      socket.write(bundle.repeat(12));
      sockets.push(socket);
    }
    await until('no request in flight', async () => (await metric(gateway, 'requests_in_flight')) === 0);
    const ended = 'connections_closed_total{reason="unread"}';
    await until(
      'the end of all that read nothing',
      async () => (await metric(gateway, ended)) === 30,
      60_000,
    );
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

suite('unread', { concurrency: true }, () => {
  test('clients that read nothing take no slot and lose their connections', async (t) => {
    const gateway = await startTestGateway(t);
    await readNothing(gateway, async () => {
      const socket = connect(gateway.port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    });
    assert.equal((await gateway.create()).status, 201);
  });

  test('over TLS, clients that read nothing take no slot and lose their connections', {
    skip: noOpenssl,
  }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'peergate-unread-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const ca = makeAuthority(folder, 'authority');
    const { certFile, keyFile } = makeCertificate(folder, 'server', ca);
    const gateway = await startTestGateway(t, {
      environment: { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile },
    });
    await readNothing(gateway, async () => {
      const socket = connectTls({ host: '127.0.0.1', port: gateway.port, ca: readFileSync(ca.certFile) });
      await once(socket, 'secureConnect');
      return socket;
    });
  });

  test('of 300 requests behind one that waits only that one is served, and a disconnect ends them all', async (t) => {
    const gateway = await startTestGateway(t);
    const upstream = holdUpstream(gateway);
    const fields = { Authorization: `Bearer ${await gateway.issuer.sign()}` };
    const connection = await openRaw(gateway.port);
    connection.write(head(`GET ${peeringsPath} HTTP/1.1`, fields).repeat(301));
    await upstream.arrived(1);
    assert.equal(await metric(gateway, 'requests_in_flight'), 1);
    connection.destroy();
    await until('the disconnect', () => gateway.logs.some(({ answered }) => answered === false));
    upstream.release();
    await until('no request in flight', async () => (await metric(gateway, 'requests_in_flight')) === 0);
    assert.equal(gateway.apiRequests().length, 1);
  });
});
