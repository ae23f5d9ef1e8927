import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { get, request as httpsRequest } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { makeAuthority, makeCertificate, noOpenssl, type Pair } from '../../support/certificates.ts';
import { allowed, peeringsPath, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const skip = noOpenssl;

function newFolder(): string {
  const folder = temporaryFolder();
  return folder;
}

interface TlsRig {
  readonly folder: string;
  readonly ca: Pair;
  readonly server: Pair;
  readonly gateway: TestGateway;
  /** What a caller trusts. */
  readonly trust: ConnectionOptions;
}

async function startTls(t: TestContext, clientCa?: (folder: string) => Pair): Promise<TlsRig> {
  const folder = newFolder();
  const ca = makeAuthority(folder, 'authority');
  const server = makeCertificate(folder, 'server', ca);
  const callers = clientCa?.(folder);
  const gateway = await startTestGateway(t, {
    environment: {
      TLS_CERT_FILE: server.certFile,
      TLS_KEY_FILE: server.keyFile,
      ...(callers === undefined ? {} : { TLS_CLIENT_CA_FILE: callers.certFile }),
    },
  });
  return { folder, ca, server, gateway, trust: { ca: readFileSync(ca.certFile) } };
}

const pairOf = ({ certFile, keyFile }: Pair): ConnectionOptions => ({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
});

/** The certificate's common name that a new connection meets; rejects when there is none. */
async function nameMet(port: number, options: ConnectionOptions): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ...options });
  try {
    await once(socket, 'secureConnect');
    return String(socket.getPeerCertificate().subject.CN);
  } finally {
    socket.destroy();
  }
}

/** The status of one request on a connection of its own; rejects when there is no connection. */
function statusOf(port: number, options: ConnectionOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const url = `https://127.0.0.1:${port}/openapi.json`;
    get(url, { ...options, agent: false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    }).once('error', reject);
  });
}

const logged = (gateway: TestGateway, line: string): Promise<void> =>
  until(line, () => gateway.logs.some(({ msg }) => msg === line));

test('a create goes its whole way over TLS, and the admin listener stays plain', { skip }, async (t) => {
  const { gateway, trust } = await startTls(t);
  const token = await gateway.issuer.sign();
  const sent = httpsRequest(`https://127.0.0.1:${gateway.port}${peeringsPath}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...trust,
    agent: false,
  });
  sent.end(JSON.stringify(allowed));
  const [response] = await once(sent, 'response');
  response.resume();
  assert.equal(response.statusCode, 201);
  assert.equal(gateway.records.at(-1)?.metadata.event_code, 'peering.create.outcome');
  assert.equal((await fetch(`${gateway.adminUrl}/readyz`)).status, 200);
});

test('who speaks HTTP without TLS gets no answer, and nobody else is disturbed', { skip }, async (t) => {
  const { gateway, trust } = await startTls(t);
  const plain = connectTcp(gateway.port, '127.0.0.1');
  const received: Buffer[] = [];
  plain.on('data', (chunk: Buffer) => received.push(chunk)).on('error', () => undefined);
  plain.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(plain, 'close');
  assert.doesNotMatch(Buffer.concat(received).toString('latin1'), /HTTP\/1/);
  assert.equal(await statusOf(gateway.port, trust), 200);
  await logged(gateway, 'TLS handshake failed');
});

test('nothing older than TLS 1.2 is spoken', { skip }, async (t) => {
  const { gateway, trust } = await startTls(t);
  const old = {
    ...trust,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  } as const;
  await assert.rejects(statusOf(gateway.port, old), /protocol version|EPROTO|ECONNRESET/i);
  assert.equal(await statusOf(gateway.port, { ...trust, maxVersion: 'TLSv1.2' }), 200);
});

test('a request that the parser refuses is refused inside TLS', { skip }, async (t) => {
  const { gateway, trust } = await startTls(t);
  const socket = connect({ host: '127.0.0.1', port: gateway.port, ...trust });
  socket.write('NO HTTP\r\n\r\n');
  const [answer] = await once(socket, 'data');
  socket.destroy();
  assert.match(String(answer), /^HTTP\/1\.1 400 /);
});

test('a changed certificate is used for the next connection, through a symlink too', { skip }, async (t) => {
  const folder = newFolder();
  const ca = makeAuthority(folder, 'authority');
  const first = makeCertificate(folder, 'first', ca);
  const second = makeCertificate(folder, 'second', ca);
  const link = { certFile: join(folder, 'link.pem'), keyFile: join(folder, 'link.key') };
  symlinkSync(first.certFile, link.certFile);
  symlinkSync(first.keyFile, link.keyFile);
  const environment = { TLS_CERT_FILE: link.certFile, TLS_KEY_FILE: link.keyFile };
  const gateway = await startTestGateway(t, { environment });
  const trust = { ca: readFileSync(ca.certFile) };
  assert.equal(await nameMet(gateway.port, trust), 'first');
  for (const [from, to] of [
    [second.certFile, link.certFile],
    [second.keyFile, link.keyFile],
  ] as const) {
    symlinkSync(from, `${to}.new`);
    renameSync(`${to}.new`, to);
  }
  await logged(gateway, 'reloaded the TLS files');
  assert.equal(await nameMet(gateway.port, trust), 'second');
});

test('changed files with a fault are reported and change nothing', { skip }, async (t) => {
  const { gateway, trust, server, folder, ca } = await startTls(t);
  const foreign = makeCertificate(folder, 'foreign', ca);
  copyFileSync(foreign.keyFile, server.keyFile);
  const complaint = 'the changed TLS files have faults; the previous ones stay in use';
  await logged(gateway, complaint);
  assert.equal(await nameMet(gateway.port, trust), 'server');
  assert.doesNotMatch(gateway.output(), /PRIVATE KEY/);
});

test('with a CA for callers nobody without a certificate of it gets a request through', {
  skip,
}, async (t) => {
  const { gateway, trust, folder } = await startTls(t, (made) => makeAuthority(made, 'callers'));
  const callers = { certFile: join(folder, 'callers.pem'), keyFile: join(folder, 'callers.key') };
  const stranger = makeCertificate(folder, 'stranger', makeAuthority(folder, 'strangers'));
  const service = makeCertificate(folder, 'service', callers);
  await assert.rejects(statusOf(gateway.port, trust));
  await assert.rejects(statusOf(gateway.port, { ...trust, ...pairOf(stranger) }));
  assert.equal(await statusOf(gateway.port, { ...trust, ...pairOf(service) }), 200);
  await logged(gateway, 'request served');
  assert.equal(gateway.logs.filter(({ msg }) => msg === 'request served').length, 1);
});

test('a changed CA for callers counts from the next connection on', { skip }, async (t) => {
  const { gateway, trust, folder } = await startTls(t, (made) => makeAuthority(made, 'callers'));
  const file = join(folder, 'callers.pem');
  const service = makeCertificate(folder, 'service', {
    certFile: file,
    keyFile: join(folder, 'callers.key'),
  });
  assert.equal(await statusOf(gateway.port, { ...trust, ...pairOf(service) }), 200);
  copyFileSync(makeAuthority(folder, 'others').certFile, file);
  await logged(gateway, 'reloaded the TLS files');
  await assert.rejects(statusOf(gateway.port, { ...trust, ...pairOf(service) }));
});

test('a connection that never finishes its handshake does not hold up the stop', { skip }, async (t) => {
  const { gateway } = await startTls(t);
  const silent = connectTcp(gateway.port, '127.0.0.1');
  silent.on('error', () => undefined);
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  await gateway.stop();
  await closed;
  // Had the stop waited for the handshake's own time limit, that would have been logged.
  assert.ok(gateway.logs.every(({ msg }) => msg !== 'TLS handshake failed'));
});
