// Certificates for tests, made by openssl in a folder of the test's own.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Scope } from './scope.ts';

/** Reason to skip, or `false`. */
export const noOpenssl: string | false = ['/usr/bin/openssl', '/usr/local/bin/openssl'].some(existsSync)
  ? false
  : 'openssl is not installed';

export interface Pair {
  readonly certFile: string;
  readonly keyFile: string;
}

const openssl = (...words: string[]): void => {
  execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] });
};

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** A new key, and a certificate of it with these words of `openssl req`. */
function make(folder: string, name: string, words: readonly string[]): Pair {
  const pair = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
  const to = ['-keyout', pair.keyFile, '-out', pair.certFile];
  openssl('req', '-x509', ...newKey, ...to, '-subj', `/CN=${name}`, ...words);
  return pair;
}

/** A CA of its own, named `name`. */
export const makeAuthority = (folder: string, name: string): Pair => make(folder, name, ['-days', '2']);

/** For the host, or for a caller; both may use it. */
export const makeCertificate = (
  folder: string,
  name: string,
  authority: Pair,
  days = 2,
  host = 'IP:127.0.0.1',
): Pair =>
  make(folder, name, [
    ...['-CA', authority.certFile, '-CAkey', authority.keyFile],
    ...['-addext', `subjectAltName=${host}`],
    ...['-addext', 'basicConstraints=critical,CA:FALSE', '-days', String(days)],
  ]);

/** This process trusts the authority until the test ends. */
export function trustAuthority(test: Scope, { certFile }: Pair): void {
  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, readFileSync(certFile, 'utf8')]);
  test.after(() => setDefaultCACertificates(trusted));
}
