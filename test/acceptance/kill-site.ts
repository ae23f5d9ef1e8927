// What stays while gateways come and go: an issuer, an Aerospike Cloud that takes its time, and one audit file. Of every
// create that arrives upstream it is asked, at that moment, whether the file holds its intent.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { GatewayOutput } from '../../sandbox/gateway-output.ts';
import { GatewayProcess } from '../../sandbox/gateway-process.ts';
import type { RecordedRequest } from '../../sandbox/recorded-requests.ts';
import { endAtExit, endWithTest } from '../support/child-process.ts';
import { guardrailsOnly } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { settingsBetween } from '../support/settings.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { LogWatch } from './kill-log.ts';

/** A create that arrived upstream. */
export interface SeenPost {
  /** Its `X-Request-Id`. */
  readonly requestId: string;
  readonly hadIntent: boolean;
}

const isCreate = ({ method, path }: RecordedRequest): boolean => method === 'POST' && path.startsWith('/v1/');

export async function startSite(test: TestContext, random: () => number) {
  const folder = temporaryFolder();
  const auditFile = join(folder, 'audit.log');
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, guardrailsOnly);
  const watch = new LogWatch(auditFile);
  const posts: SeenPost[] = [];
  const issuer = await startIssuer();
  const cloud = await startAerospikeCloud({
    fault(seen) {
      const requestId = String(seen.headers['x-request-id']);
      if (isCreate(seen)) posts.push({ requestId, hadIntent: watch.holdsIntent(requestId) });
      return undefined;
    },
    // A few creates are acted upon only when the next gateway is there already.
    slowness: (seen) => ({
      beforeMs: isCreate(seen) && random() < 0.05 ? 500 + random() * 2000 : random() * 60,
      afterMs: random() * 120,
    }),
  });
  test.after(() => Promise.all([issuer.close(), cloud.close()]));
  const settings = {
    ...settingsBetween({ issuer, cloud }, policyFile),
    // Many creates for one cluster are on their way when the gateway is killed.
    PREFLIGHT: 'off',
    AUDIT_FILE: auditFile,
    RATE_LIMIT_PER_MINUTE: '0',
    RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
    SHUTDOWN_GRACE_MS: '4000',
    LOG_LEVEL: 'warn',
  };
  return {
    folder,
    auditFile,
    issuer,
    cloud,
    posts,
    /** Starts a gateway on the same file. */
    spawnGateway(): GatewayProcess {
      const gateway = new GatewayProcess({ settings, output: new GatewayOutput(), patienceMs: 15_000 });
      endWithTest(test, gateway.child);
      return gateway;
    },
  };
}

export type Site = Awaited<ReturnType<typeof startSite>>;

/** `audit verify`, the real command: how it ended, and what it said. */
export async function runAuditVerify(file: string): Promise<{ status: number | null; text: string }> {
  const child = endAtExit(
    spawn(process.execPath, ['src/main.ts', 'audit', 'verify', file], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, text };
}
