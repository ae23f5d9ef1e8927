// Certificates for tests, made by openssl in a folder of the test's own.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

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

/** A CA of its own, named `name`. */
export function makeAuthority(folder: string, name: string): Pair {
  const pair = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    pair.keyFile,
    '-out',
    pair.certFile,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  );
  return pair;
}

/** For the host 127.0.0.1, or for a caller; both may use it. */
export function makeCertificate(folder: string, name: string, authority: Pair, days = 2): Pair {
  const pair = { certFile: join(folder, `${name}.pem`), keyFile: join(folder, `${name}.key`) };
  const ca = ['-CA', authority.certFile, '-CAkey', authority.keyFile];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'];
  const ends = ['-addext', 'basicConstraints=critical,CA:FALSE', '-days', String(days)];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    pair.keyFile,
    '-out',
    pair.certFile,
    ...ca,
    ...subject,
    ...ends,
  );
  return pair;
}
