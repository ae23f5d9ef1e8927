// Runs `check` on the environment of a deployment, on this machine: files that it names are made in a folder of the test's
// own, at the same paths below it.
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { settings } from '../../src/config/schema.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { root } from './manifests.ts';

const signingKey = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });

/** What an operator's Secrets hold, by the variable that names the file. */
const secrets: Readonly<Record<string, string>> = {
  AEROSPIKE_CLIENT_ID_FILE: 'the-client-id',
  AEROSPIKE_CLIENT_SECRET_FILE: 'the-client-secret',
  REDIS_URL_FILE: 'rediss://peergate:the-password@peergate-redis:6379/0\n',
  AUDIT_SIGNING_KEY_FILE: JSON.stringify(signingKey),
};

/** Variables that are Node's own, and no settings. */
export const ofNode: readonly string[] = ['NODE_EXTRA_CA_CERTS'];

/** Names that the gateway knows. Secrets are given as files only. */
export const knownVariables: readonly string[] = [
  ...Object.entries(settings).map(([name, { secret }]) => (secret ? `${name}_FILE` : name)),
  ...ofNode,
];

export interface CheckRun {
  readonly status: number | null;
  readonly output: string;
}

/** `files` are those of ConfigMaps and folders, by their path in the container. */
export function runCheck(
  environment: Readonly<Record<string, string>>,
  files: ReadonlyMap<string, string | undefined>,
): CheckRun {
  const folder = temporaryFolder();
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const [path, text] of files) put(path, text ?? '');
  const settled = Object.entries(environment)
    .filter(([name]) => !ofNode.includes(name))
    .map(([name, value]) => {
      if (secrets[name] !== undefined) put(value, secrets[name]);
      if (name === 'AUDIT_FILE') mkdirSync(dirname(join(folder, value)), { recursive: true });
      return [name, value.startsWith('/') ? join(folder, value) : value];
    });
  const ran = spawnSync(process.execPath, [join(root, 'src/main.ts'), 'check'], {
    env: Object.fromEntries(settled),
    encoding: 'utf8',
  });
  return { status: ran.status, output: ran.stdout + ran.stderr };
}
