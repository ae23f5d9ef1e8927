// peergate as a candidate: its own program with its default settings, but for the rate limits, which count and never
// refuse here.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accounts, allowedBlocks, forbiddenBlocks, prefixLength, regions } from '../candidates/checks.ts';
import { type Launch, nodeOptions, type Place } from './candidate.ts';
import { audience } from './tokens.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** JSON, which is YAML, too. */
export const benchPolicy = (): string =>
  JSON.stringify({
    version: 1,
    organization: 'bench',
    guardrails: { accounts, regions, cidrs: allowedBlocks, forbiddenCidrs: forbiddenBlocks, prefixLength },
  });

export interface PolicyText {
  readonly text: string;
  /** Files beside it, by name. */
  readonly lists?: Readonly<Record<string, string>>;
}

/** `settings` come on top. */
export function launchPeergate(
  { stand, port, secondPort, folder }: Place,
  settings: Readonly<Record<string, string>> = {},
  policy: PolicyText = { text: benchPolicy() },
): Launch {
  const policyFile = join(folder, 'policy.yaml');
  writeFileSync(policyFile, policy.text);
  for (const [name, text] of Object.entries(policy.lists ?? {})) writeFileSync(join(folder, name), text);
  const upstream = `http://127.0.0.1:${stand.upstreamPort}`;
  return {
    command: process.execPath,
    args: [...nodeOptions, main, 'serve'],
    env: {
      HOST: '127.0.0.1',
      PORT: String(port),
      ADMIN_PORT: String(secondPort),
      AUTH_ISSUERS: stand.issuer,
      AUTH_AUDIENCE: audience,
      AEROSPIKE_API_URL: upstream,
      AEROSPIKE_TOKEN_URL: `${upstream}/oauth/token`,
      AEROSPIKE_CLIENT_ID: 'bench',
      AEROSPIKE_CLIENT_SECRET: 'bench-secret',
      POLICY_FILE: policyFile,
      RATE_LIMIT_PER_MINUTE: '1000000',
      RATE_LIMIT_ADDRESS_PER_MINUTE: '1000000',
      ...settings,
    },
  };
}
