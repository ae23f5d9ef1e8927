// Clients that do not read, or send requests behind a long wait, keep no capacity from others: real sockets, plain and TLS.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { pathOf, put } from '../../support/call-peering.ts';
import { makeAuthority, makeCertificate, noOpenssl } from '../../support/certificates.ts';
import { allowedNumber, peeringsPath, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { head, openRaw } from '../../support/raw-http.ts';
import { requestsBegun } from '../../support/requests-begun.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
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
  const begun = requestsBegun(gateway.port, 30);
  try {
    for (let count = 0; count < 30; count += 1) {
      const socket = await open();
      socket.on('error', () => undefined).pause();
      socket.write(bundle.repeat(12));
      sockets.push(socket);
    }
    await begun;
    const ended = 'connections_closed_total{reason="unread"}';
    await until('no request in flight', async () => (await metric(gateway, 'requests_in_flight')) === 0);
    assert.equal((await metric(gateway, ended)) || 0, 0, 'the slots are free while the answers wait');
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
    const folder = temporaryFolder();
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

  for (const hangUp of ['destroy', 'resetAndDestroy'] as const)
    test(`300 requests behind a long wait take no slot, and all are over when the client hangs up by ${hangUp}`, async (t) => {
      const gateway = await startTestGateway(t);
      const fields = { Authorization: `Bearer ${await gateway.issuer.sign()}` };
      const wait = `GET ${pathOf(put(gateway, 'provisioning'))}?wait=active&timeoutSeconds=300 HTTP/1.1`;
      const client = connect(gateway.port, '127.0.0.1');
      const begun = requestsBegun(gateway.port, 301);
      client.write(head(wait, fields) + head(`GET ${peeringsPath} HTTP/1.1`, fields).repeat(300));
      await begun;
      await until('the wait', async () => (await metric(gateway, 'requests_waiting')) === 1);
      assert.equal(await metric(gateway, 'requests_in_flight'), 0);
      assert.equal((await gateway.create(allowedNumber(1))).status, 201);
      client[hangUp]();
      await until('the end of the wait', async () => (await metric(gateway, 'requests_waiting')) === 0);
      await until('its line', () => gateway.logs.some(({ answered }) => answered === false));
      const served = gateway.logs.filter(({ msg }) => msg === 'request served');
      assert.equal(served.length, 2, 'the wait and the create');
      assert.equal(await metric(gateway, 'requests_in_flight'), 0);
    });

  test('more than 1 MiB of requests behind a long wait ends the connection, and with it the wait', async (t) => {
    const gateway = await startTestGateway(t);
    const fields = { Authorization: `Bearer ${await gateway.issuer.sign()}` };
    const wait = `GET ${pathOf(put(gateway, 'provisioning'))}?wait=active&timeoutSeconds=300 HTTP/1.1`;
    const connection = await openRaw(gateway.port);
    connection.write(head(wait, fields));
    await until('the wait', async () => (await metric(gateway, 'requests_waiting')) === 1);
    connection.write(head(`GET ${peeringsPath} HTTP/1.1`, { 'X-Note': 'a'.repeat(8000) }).repeat(140));
    assert.equal(await connection.rest(), '');
    await until('the end of the wait', async () => (await metric(gateway, 'requests_waiting')) === 0);
    assert.equal(await metric(gateway, 'connections_closed_total{reason="pipelined"}'), 1);
  });
});
