// A whole gateway in this process between an issuer and the Aerospike Cloud sandbox, as in the other tests, but with nothing
// that is kept: every line is looked at when it comes, so that a million requests leave the memory as it was.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { systemClock } from '../../src/clock.ts';
import { describeFault, loadConfig } from '../../src/config/load.ts';
import { startGateway } from '../../src/gateway.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { loadAndTest } from '../../src/policy/store/load-and-test.ts';
import { startIssuer } from '../support/issuer.ts';
import { settingsBetween } from '../support/settings.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';
import { Mint } from './mint.ts';
import { serveKnown } from './peerings.ts';
import { policyText } from './policy-oracle.ts';
import { Watch } from './watch.ts';

export interface World {
  readonly port: number;
  readonly adminUrl: string;
  readonly mint: Mint;
  readonly watch: Watch;
  /** Requests that came to the issuer. */
  issuerRequests(): number;
  stop(): Promise<void>;
}

/** Peerings of a cluster that are there at once; each create reads all of them. */
const keptPeerings = 20;

/** `settings` come on top. `expectedLog`: lines that want an operator, as they must. */
export async function startWorld(
  settings: Readonly<Record<string, string>> = {},
  expectedLog?: RegExp,
): Promise<World> {
  const issuer = await startIssuer();
  const mint = new Mint(issuer.url);
  issuer.keys = [...mint.keys];
  const cloud = await startAerospikeCloud({ keptPeerings });
  const watch = new Watch([cloud.clientSecret], expectedLog);
  cloud.setFault((request) => {
    watch.sent(request);
    return serveKnown(request);
  });
  const folder = temporaryFolder();
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, policyText);
  const loaded = loadConfig({
    ...settingsBetween({ issuer, cloud }, policyFile),
    RATE_LIMIT_PER_MINUTE: '0',
    RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
    // What a key promises is kept for so long; longer would only be memory here.
    IDEMPOTENCY_TTL_SECONDS: '5',
    ...settings,
  });
  if ('faults' in loaded) throw new Error(loaded.faults.map(describeFault).join('\n'));
  const { config } = loaded;
  const policy = loadAndTest({ policyFile, testsFile: undefined, settings: {}, now: Date.now() });
  if (policy.faults !== undefined) throw new Error('the policy of the fuzz run is faulty');
  const gateway = await startGateway(config, {
    policy,
    clock: systemClock,
    logger: createLogger('info', { log: (line: string) => watch.log(line) } as LineWriter),
    sink: {
      write(line) {
        watch.record(line);
        return Promise.resolve();
      },
    },
    reporter: { version: '0.0.0-fuzz', instance: 'fuzz' },
  });
  const adminUrl = `http://127.0.0.1:${gateway.adminPort}`;
  await until('the gateway is ready', async () => (await fetch(`${adminUrl}/readyz`)).ok);
  return {
    port: gateway.port,
    adminUrl,
    mint,
    watch,
    issuerRequests: () => issuer.requests.length,
    async stop() {
      await gateway.stop();
      await Promise.all([cloud.close(), issuer.close()]);
    },
  };
}
