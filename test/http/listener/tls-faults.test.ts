// What is wrong with the files of TLS, each fault by its variable, whatever else is wrong.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tlsFaults } from '../../../src/http/listener/tls.ts';
import { makeAuthority, makeCertificate, noOpenssl } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const skip = noOpenssl;

function makeFiles() {
  const folder = temporaryFolder();
  const authority = makeAuthority(folder, 'authority');
  const server = makeCertificate(folder, 'server', authority);
  let count = 0;
  return {
    folder,
    authority,
    server,
    /** The path of a file with this text. */
    fileOf(text: string): string {
      count += 1;
      const path = join(folder, `file-${count}.pem`);
      writeFileSync(path, text);
      return path;
    },
    faults: (given: Partial<{ certFile: string; keyFile: string; clientCaFile: string }>) =>
      tlsFaults({ ...server, clientCaFile: undefined, ...given }),
  };
}

test('TLS files with a fault stop the start, each with its variable', { skip }, () => {
  const { folder, authority, fileOf, ...rest } = makeFiles();
  const faults = (files: Parameters<typeof rest.faults>[0]) => rest.faults(files).join('\n');
  const text = fileOf('this is no PEM');
  assert.equal(faults({}), '');
  assert.equal(faults({ clientCaFile: authority.certFile }), '');
  assert.match(faults({ certFile: text }), /^TLS_CERT_FILE: .*expected PEM certificates$/);
  assert.match(faults({ keyFile: text }), /^TLS_KEY_FILE: .*expected a PEM private key$/);
  assert.match(faults({ clientCaFile: text }), /^TLS_CLIENT_CA_FILE: .*expected PEM certificates$/);
  assert.match(
    faults({ keyFile: authority.keyFile }),
    /^TLS_KEY_FILE: .*expected the certificate's private key$/,
  );
  const missing = join(folder, 'missing.pem');
  assert.equal(faults({ certFile: missing, keyFile: missing, clientCaFile: missing }).split('\n').length, 3);
});

test('a key that does not fit its certificate is reported beside a CA file with a fault', { skip }, () => {
  const { authority, fileOf, faults } = makeFiles();
  const found = faults({ keyFile: authority.keyFile, clientCaFile: fileOf('this is no PEM') });
  assert.deepEqual(
    found.map((line) => line.slice(0, line.indexOf(':'))),
    ['TLS_CLIENT_CA_FILE', 'TLS_KEY_FILE'],
  );
});

test('every certificate of a TLS file is read, not the first alone', { skip }, () => {
  const { authority, server, fileOf, faults } = makeFiles();
  const [own = '', ca = ''] = [server, authority].map(({ certFile }) => readFileSync(certFile, 'utf8'));
  const key = readFileSync(server.keyFile, 'utf8');
  const whole = [own + ca, `a comment\n${own}\r\n${ca}`, key + own, ca.replace(/\n/g, '\r\n') + own];
  for (const text of whole) assert.deepEqual(faults({ clientCaFile: fileOf(text) }), [], text);
  for (const text of whole.slice(0, 3)) assert.deepEqual(faults({ certFile: fileOf(text) }), [], text);
  const broken = [
    own + ca.replace(/(BEGIN CERTIFICATE-----\n)..../, '$1AAAA'),
    own + ca.slice(0, ca.length / 2),
    own + ca.slice(0, ca.indexOf('\n')),
    own + ca.replace('END CERTIFICATE', 'END CERT'),
  ];
  for (const text of broken) {
    const path = fileOf(text);
    for (const [name, variable] of [
      ['certFile', 'TLS_CERT_FILE'],
      ['clientCaFile', 'TLS_CLIENT_CA_FILE'],
    ] as const) {
      assert.deepEqual(faults({ [name]: path }), [
        `${variable}: found something else at ${JSON.stringify(path)}; expected PEM certificates`,
      ]);
    }
  }
});

test('files that can be read and that TLS refuses are a fault of their own', { skip }, () => {
  const { folder, faults } = makeFiles();
  const [keyFile, certFile] = [join(folder, 'short.key'), join(folder, 'short.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:512', '-nodes', '-keyout', keyFile, '-out', certFile],
      ...['-subj', '/CN=short', '-days', '2'],
    ],
    { stdio: 'ignore' },
  );
  assert.match(
    faults({ certFile, keyFile }).join('\n'),
    /^TLS_CERT_FILE: found files that OpenSSL refuses \(ERR_\w+\); expected /,
  );
});
