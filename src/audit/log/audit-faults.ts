// What is wrong with the settings of the audit log that no text shows: a file that can never be, a key that cannot sign. A
// disk that is full or read-only is no fault of the settings; it may be well again.
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AuditSettings } from './audit-log.ts';
import { readSigningKey } from './signing-key.ts';

/** One line each: the variable, what was found, what is expected. Opens nothing for writing. */
export function auditFaults({ file, signingKeyFile }: AuditSettings): string[] {
  const faults: string[] = [];
  const report = (variable: string, found: string, expected: string): void =>
    void faults.push(`${variable}: found ${found}; expected ${expected}`);
  if (file !== undefined) {
    const found = kindAt(file);
    if (found === 'other' || found === 'folder' || file.endsWith('/'))
      report('AUDIT_FILE', `${JSON.stringify(file)}, which is no regular file`, 'a file, or a place for one');
    else if (kindAt(dirname(file)) !== 'folder')
      report('AUDIT_FILE', `${JSON.stringify(file)}, whose folder does not exist`, 'a folder that exists');
  }
  if (signingKeyFile !== undefined) {
    try {
      readSigningKey(signingKeyFile);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const reason = code === undefined ? message : 'no readable file';
      const expected = 'a file that holds a private JWK (EC, OKP Ed25519 or RSA)';
      report('AUDIT_SIGNING_KEY_FILE', `${reason} at ${JSON.stringify(signingKeyFile)}`, expected);
    }
  }
  return faults;
}

function kindAt(path: string): 'file' | 'folder' | 'other' | 'nothing' {
  try {
    const found = statSync(path);
    if (found.isFile()) return 'file';
    return found.isDirectory() ? 'folder' : 'other';
  } catch {
    return 'nothing';
  }
}
