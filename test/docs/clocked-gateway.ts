// A gateway with an audit file, between a real issuer and the Aerospike Cloud sandbox, in a time that the test decides: months
// pass between two requests, and the log looks as one of months does.

import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { systemClock } from '../../src/clock.ts';
import { describeFault, loadConfig } from '../../src/config/load.ts';
import { type RunningGateway, startGateway } from '../../src/gateway.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { loadAndTest } from '../../src/policy/store/load-and-test.ts';
import { clusterId, peeringsPath, type Reply, send } from '../support/gateway.ts';
import type { TestIssuer } from '../support/issuer.ts';
import { settingsBetween } from '../support/settings.ts';

/** What time it is, for the gateway and the sandbox alike. */
export interface Time {
  ms: number;
}

export interface ClockedGatewayOptions {
  readonly folder: string;
  readonly policy: string;
  readonly issuer: TestIssuer;
  readonly cloud: AerospikeCloud;
  readonly time: Time;
}

/** The environment of a gateway whose policy is `policy.yaml` in the folder. */
export function settingsOf({ folder, issuer, cloud }: Omit<ClockedGatewayOptions, 'policy' | 'time'>) {
  return {
    ...settingsBetween({ issuer, cloud }, join(folder, 'policy.yaml')),
    TRUST_PROXY: '127.0.0.1',
    AUTH_JWKS_MAX_STALE_SECONDS: '2592000',
    // The months of the guide ask for the same networks again and again.
    PREFLIGHT: 'off',
    RATE_LIMIT_PER_MINUTE: '0',
    RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
    AUDIT_FILE: join(folder, 'audit.log'),
    AUDIT_SIGNING_KEY_FILE: join(folder, 'audit-signing.jwk'),
  };
}

export interface ClockedGateway extends RunningGateway {
  readonly policyFile: string;
}

/** Goes on in `audit.log` of the folder; signs with `audit-signing.jwk` there. */
export async function startClockedGateway(options: ClockedGatewayOptions): Promise<ClockedGateway> {
  const { folder, policy, time } = options;
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, policy);
  const loaded = loadConfig(settingsOf(options));
  if ('faults' in loaded) throw new Error(loaded.faults.map(describeFault).join('\n'));
  const read = loadAndTest({ policyFile, testsFile: undefined, settings: {}, now: time.ms });
  if (read.faults !== undefined) throw new Error('the policy has faults');
  const gateway = await startGateway(loaded.config, {
    policy: read,
    clock: { ...systemClock, now: () => time.ms },
    logger: createLogger('fatal', { log: () => undefined } as unknown as LineWriter),
    sink: { write: () => Promise.reject(new Error('records go to the file')) },
    reporter: { version: '0.1.0', instance: 'gateway-1' },
  });
  return { ...gateway, policyFile };
}

export interface Asked {
  readonly subject: string;
  readonly from: string;
  readonly tokenId?: string;
  /** Left out: a list. */
  readonly body?: object;
  readonly dryRun?: boolean;
  readonly cluster?: string;
  /** In place of a good one. */
  readonly token?: string;
}

/** Asks as a service behind the ingress does. Every token that was presented is added to `tokens`. */
export async function ask(
  { port }: { readonly port: number },
  { issuer, time, tokens }: { issuer: TestIssuer; time: Time; tokens: string[] },
  { subject, from, tokenId, body, dryRun = false, cluster = clusterId, token }: Asked,
): Promise<Reply> {
  const now = Math.floor(time.ms / 1000);
  const claims = { sub: subject, client_id: subject.replace('svc-', ''), iat: now, exp: now + 300 };
  const presented = token ?? (await issuer.sign({ ...claims, jti: tokenId ?? randomUUID() }));
  tokens.push(presented);
  return await send(`http://127.0.0.1:${port}`, {
    method: body === undefined ? 'GET' : 'POST',
    path: `${peeringsPath.replace(clusterId, cluster)}${dryRun ? '?dryRun=true' : ''}`,
    headers: {
      authorization: `Bearer ${presented}`,
      'x-forwarded-for': from,
      cookie: 'session=a-cookie-that-no-record-may-hold',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
