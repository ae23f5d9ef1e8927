// What a soak runs: the gateway as a process of its own, with production defaults, an audit file that it signs, TLS and Redis
// behind three sentinels; two issuers and an Aerospike Cloud, all on loopback. Nothing of it outlives the scope.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { cp, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { makeKeys } from '../../test/audit/verify/signed-log.ts';
import { startSentinels } from '../../test/state/redis-topologies.ts';
import { makeAuthority, makeCertificate } from '../../test/support/certificates.ts';
import { endWithTest } from '../../test/support/child-process.ts';
import { audience, startIssuer } from '../../test/support/issuer.ts';
import type { Scope } from '../../test/support/scope.ts';
import { settingsBetween } from '../../test/support/settings.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { until } from '../../test/support/until.ts';
import { pidOf } from '../stand/processes.ts';
import { Inspector } from './inspector.ts';

/** Peerings of a cluster that are there at once; each create reads all of them. */
const keptPeerings = 150;
/** So many VPCs are in the registry: no run makes more creates. */
export const registeredVpcs = 20_000;
export const vpcNumber = (number: number): string => `vpc-${number.toString(16).padStart(17, '0')}`;

/** A create that the policy allows, each for a VPC and a block of its own. */
export const createNumber = (number: number) => ({
  vpcId: vpcNumber(number % registeredVpcs),
  cidrBlock: `172.${16 + ((number >> 12) % 16)}.${(number >> 4) & 255}.${(number & 15) * 16}/28`,
  accountId: '111122223333',
  region: 'us-east-1',
  isSecureConnection: true,
});

/** `more`: callers who are granted everything besides. */
export const policyText = (more: string, comment: string): string => `# ${comment}
version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1, eu-west-1]
  cidrs: [10.0.0.0/8, 172.16.0.0/12]
  forbiddenCidrs: [10.128.0.0/19, 10.129.0.0/24]
  prefixLength: { min: 16, max: 28 }
  maxPeerings: { perCluster: 5000, perVpc: 100 }
grants:
  - { id: services, callers: [{ claim: team, equals: payments }], actions: [create, list, delete, inspect] }
  - { id: more, callers: [{ claim: sub, equals: ${more} }], actions: [create, list] }
vpcs: { file: vpcs.csv }
`;

const registry = (): string =>
  Array.from(
    { length: registeredVpcs },
    (_, number) => `${vpcNumber(number)},111122223333,us-east-1,172.16.0.0/12\n`,
  ).join('');

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly code?: string;
  readonly text: string;
}

export async function startSite(scope: Scope) {
  const folder = temporaryFolder();
  const at = (name: string) => join(folder, name);
  const [issuer, other] = [await startIssuer(), await startIssuer()];
  const cloud = await startAerospikeCloud({
    keptPeerings,
    pace: { initiatingMs: 300, acceptanceMs: 400, provisioningMs: 400, deletingMs: 300 },
  });
  scope.after(() => Promise.all([issuer.close(), other.close(), cloud.close()]));
  const redis = await startSentinels(scope);
  const authority = makeAuthority(folder, 'authority');
  const certificate = makeCertificate(folder, 'gateway', authority);
  const { privateJwk, publicJwk } = await makeKeys();
  await writeFile(at('signing.jwk'), JSON.stringify(privateJwk), { mode: 0o600 });
  await writeFile(at('signing.public.jwk'), JSON.stringify(publicJwk));
  await writeFile(at('vpcs.csv'), registry());
  /** As an operator's tool replaces a file: whole, at once. */
  const replace = async (name: string, text: string) => {
    await writeFile(at(`${name}.new`), text);
    await rename(at(`${name}.new`), at(name));
  };
  await replace('policy.yaml', policyText('nobody', 'first'));
  const issuersText = (issuers: readonly { readonly url: string }[]) =>
    JSON.stringify({ issuers: issuers.map(({ url }) => ({ issuer: url, audiences: [audience] })) });
  await replace('issuers.yaml', issuersText([issuer, other]));
  const {
    AUTH_ISSUERS: _,
    AUTH_AUDIENCE: __,
    ...settings
  } = settingsBetween({ issuer, cloud }, at('policy.yaml'));
  const child = endWithTest(
    scope,
    spawn(process.execPath, ['--inspect=127.0.0.1:0', 'src/main.ts', 'serve'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: {
        PATH: process.env['PATH'],
        ...settings,
        ...redis.settings,
        AUTH_ISSUERS_FILE: at('issuers.yaml'),
        FLEET_REFRESH_SECONDS: '20',
        AUDIT_FILE: at('audit.log'),
        AUDIT_SIGNING_KEY_FILE: at('signing.jwk'),
        TLS_CERT_FILE: certificate.certFile,
        TLS_KEY_FILE: certificate.keyFile,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const logs: LogLine[] = [];
  let onLog: ((line: LogLine) => void) | undefined;
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = { ...(JSON.parse(text) as LogLine), text };
    // Lines of requests are as many as requests.
    if (line.msg !== 'request served') logs.push(line);
    onLog?.(line);
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const listening = () =>
    logs.find(({ msg }) => msg === 'listening') as
      | (LogLine & { readonly port: number; readonly adminPort: number })
      | undefined;
  await until(`the gateway listens: ${stderr}`, () => listening() !== undefined, 30_000);
  const { port = 0, adminPort = 0 } = listening() ?? {};
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  await until('the gateway is ready', async () => (await fetch(`${adminUrl}/readyz`)).ok, 30_000);
  const inspector = await Inspector.open(/ws:\S+/.exec(stderr)?.[0] ?? '');
  scope.after(() => inspector.close());
  return {
    ...{ folder, issuer, other, cloud, redis, adminUrl, logs, inspector, replace, issuersText },
    url: `https://127.0.0.1:${port}`,
    pid: pidOf(child),
    caFile: authority.certFile,
    exited,
    signal: (name: NodeJS.Signals) => void child.kill(name),
    /** What it wrote to standard error besides what its inspector says. */
    complaints: () => stderr.replaceAll(/^(?:Debugger |For help, see|Waiting for the debugger).*\n/gm, ''),
    watchLog: (watch: (line: LogLine) => void) => {
      onLog = watch;
    },
    /** A new certificate in place of the old one. */
    async renewCertificate() {
      const renewed = makeCertificate(folder, 'renewed', authority);
      await cp(renewed.keyFile, certificate.keyFile);
      await cp(renewed.certFile, certificate.certFile);
    },
    auditFile: at('audit.log'),
    publicKeyFile: at('signing.public.jwk'),
    auditFiles: () =>
      readdirSync(folder)
        .filter((name) => name.startsWith('audit.log'))
        .map(at),
  };
}

export type Site = Awaited<ReturnType<typeof startSite>>;
