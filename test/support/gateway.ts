// A whole gateway in this process, between a real issuer and the Aerospike Cloud sandbox, on real sockets. Everything is
// torn down when the test ends, and every audit record that it wrote to its sink is held against its schema.

import { writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Dispatcher, request } from 'undici';
import {
  type AerospikeCloud,
  type AerospikeCloudOptions,
  startAerospikeCloud,
} from '../../sandbox/aerospike-cloud.ts';
import type { RecordedRequest } from '../../sandbox/recorded-requests.ts';
import type { LogFiles } from '../../src/audit/log/log-file-system.ts';
import type { AuditSink } from '../../src/audit/log/trail.ts';
import { systemClock } from '../../src/clock.ts';
import { policySettings } from '../../src/config/config.ts';
import { describeFault, loadConfig } from '../../src/config/load.ts';
import { type RunningGateway, startGateway } from '../../src/gateway.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { describePolicyFault } from '../../src/policy/engine/policy-data.ts';
import { loadAndTest } from '../../src/policy/store/load-and-test.ts';
import type { AuditRecord } from './audit-record.ts';
import { assertAuditRecord } from './audit-schema.ts';
import { startIssuer, type TestIssuer } from './issuer.ts';
import type { LogLine } from './log-line.ts';
import type { ReplyBody } from './reply-body.ts';
import { settingsBetween } from './settings.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const clusterId = '6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11';
export const peeringsPath = `/database/clusters/${clusterId}/vpc-peerings`;

/** A create that the test policy allows. */
export const allowed = {
  vpcId: 'vpc-0123456789abcdef0',
  cidrBlock: '10.20.4.0/22',
  accountId: '111122223333',
  region: 'us-east-1',
  isSecureConnection: true,
};

/**
 * For tests in which everything upstream fails, or in which creates for one cluster have to be in flight at once. On production
 * defaults such a create ends at its preflight, or waits for its cluster's lock.
 */
export const withoutPreflight = { PREFLIGHT: 'off' } as const;

/** Creates that the test policy allows, each for another VPC and another block; the first is `allowed`. */
export const allowedNumber = (number: number): typeof allowed => ({
  ...allowed,
  vpcId: `vpc-${(0x0123456789abcdef0n + BigInt(number)).toString(16).padStart(17, '0')}`,
  cidrBlock: `10.${20 + Math.floor(number / 63)}.${4 + 4 * (number % 63)}.0/22`,
});

/**
 * Does the gateway ask for this by itself: the cluster, or all of its peerings, page by page? A caller's own list of peerings
 * goes upstream with the caller's query.
 */
export const isOwnRead = ({ method, path }: { readonly method: string; readonly path: string }): boolean =>
  method === 'GET' && /^\/v1\/database\/clusters\/[^/?]+(\/vpc-peerings\?limit=100&offset=\d+)?$/.test(path);

export const guardrailsOnly = `
version: 1
organization: acme
guardrails:
  accounts: ["111122223333"]
  regions: [us-east-1, eu-west-1]
  cidrs: [10.0.0.0/8, 172.16.0.0/12]
  forbiddenCidrs: [10.128.0.0/19, 10.129.0.0/24]
  prefixLength: { min: 16, max: 28 }
`;

export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
  /** `undefined` when the answer is not JSON: a test that reads a member of it fails. */
  readonly json: ReplyBody;
}

/** A request as Aerospike Cloud gets it; with traces on, its headers name the trace. */
interface ApiRequest extends RecordedRequest {
  readonly headers: IncomingHttpHeaders & { readonly traceparent: string };
}

export interface TestGateway {
  readonly url: string;
  readonly port: number;
  readonly adminUrl: string;
  readonly issuer: TestIssuer;
  readonly cloud: AerospikeCloud;
  /** The policy in force; a test may change it. */
  readonly policyFile: string;
  /** Audit records of requests so far. */
  readonly records: AuditRecord[];
  /** Audit records of policies so far, without the one about the policy at the start. */
  readonly policyRecords: AuditRecord[];
  /** Log lines so far. */
  readonly logs: LogLine[];
  /** Everything that was logged or recorded, as text. */
  output(): string;
  /** Requests that came to the API of the sandbox; token requests do not count. */
  apiRequests(): readonly ApiRequest[];
  /** Of these, what callers' requests became: all but what the gateway reads by itself, such as before a create. */
  forwarded(): ReturnType<TestGateway['apiRequests']>;
  call(options: CallOptions): Promise<Reply>;
  /**
   * A create with a good token. Without a body, and without an Idempotency-Key that asks for the same values again, each is
   * for another VPC, so that none is in the way of the next.
   */
  create(body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** As SIGHUP does. */
  reloadPolicy: RunningGateway['reload'];
  /** As SIGUSR2 does. */
  reopenAudit: RunningGateway['reopenAudit'];
  drain: RunningGateway['drain'];
  stop: RunningGateway['stop'];
}

export interface CallOptions {
  readonly method?: Dispatcher.HttpMethod;
  readonly path?: string;
  readonly headers?: Record<string, string> | string[];
  readonly body?: string | Buffer;
}

export interface TestGatewayOptions {
  readonly environment?: Record<string, string>;
  readonly policy?: string;
  readonly cloud?: AerospikeCloudOptions;
  readonly issuer?: TestIssuer;
  /** Takes the audit lines in place of the test's own sink. */
  readonly sink?: AuditSink;
  /** The file system below AUDIT_FILE. */
  readonly logFiles?: LogFiles;
}

export async function startTestGateway(
  test: TestContext,
  options: TestGatewayOptions = {},
): Promise<TestGateway> {
  const issuer = options.issuer ?? (await startIssuer());
  const cloud = await startAerospikeCloud(options.cloud);
  const lines: string[] = [];
  const logLines: string[] = [];
  const parts = await prepare({ issuer, cloud, options, logLines });
  const made: string[] = [];
  const taken = options.sink ?? { write: async (line: string) => void lines.push(line) };
  const sink: AuditSink = {
    write(line) {
      made.push(line);
      return taken.write(line);
    },
  };
  const reporter = { version: '0.0.0-test', instance: 'test' };
  const gateway = await startGateway(parts.config, {
    ...parts,
    clock: systemClock,
    sink,
    reporter,
    logFiles: options.logFiles,
  }).catch(async (error: unknown) => {
    await Promise.all([cloud.close(), options.issuer === undefined ? issuer.close() : undefined]);
    throw error;
  });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= gateway.stop();
    return stopped;
  };
  test.after(async () => {
    try {
      await stop();
    } finally {
      await Promise.all([cloud.close(), options.issuer === undefined ? issuer.close() : undefined]);
    }
    for (const line of made) assertAuditRecord(JSON.parse(line));
  });
  const url = `http://127.0.0.1:${gateway.port}`;
  const call = (wanted: CallOptions) => send(url, wanted);
  const records = () => lines.map((line) => JSON.parse(line) as AuditRecord);
  const apiRequests = () => cloud.requests.filter(({ path }) => path !== '/oauth/token') as ApiRequest[];
  let creates = 0;
  return {
    url,
    port: gateway.port,
    adminUrl: `http://127.0.0.1:${gateway.adminPort}`,
    issuer,
    cloud,
    policyFile: parts.config.policyFile,
    get records() {
      return records().filter(
        ({ metadata }) => !/^(?:policy\.(?:loaded|rejected)|gateway|audit\.chain)/.test(metadata.event_code),
      );
    },
    get policyRecords() {
      return records()
        .filter(({ metadata }) => /^policy\.(?:loaded|rejected)$/.test(metadata.event_code))
        .slice(1);
    },
    get logs() {
      return logLines.map((line) => JSON.parse(line) as LogLine);
    },
    output: () => [...lines, ...logLines].join('\n'),
    apiRequests,
    forwarded: () => apiRequests().filter((seen) => !isOwnRead(seen)),
    call,
    async create(given, headers = {}) {
      const body = given ?? ('idempotency-key' in headers ? allowed : allowedNumber(creates++));
      const authorization = `Bearer ${await issuer.sign()}`;
      const all = { authorization, 'content-type': 'application/json', ...headers };
      return await call({
        method: 'POST',
        headers: all,
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    },
    reloadPolicy: gateway.reload,
    reopenAudit: gateway.reopenAudit,
    drain: gateway.drain,
    stop,
  };
}

/** One request to a gateway, whole answer. */
export async function send(
  url: string,
  { method = 'GET', path = peeringsPath, headers = {}, body }: CallOptions,
): Promise<Reply> {
  const answer = await request(`${url}${path}`, { method, headers, body: body ?? null, reset: true });
  const text = await answer.body.text();
  const json =
    /json/.test(String(answer.headers['content-type'])) && text !== '' ? JSON.parse(text) : undefined;
  return { status: answer.statusCode, headers: answer.headers, text, json };
}

interface Ingredients {
  readonly issuer: TestIssuer;
  readonly cloud: AerospikeCloud;
  readonly options: TestGatewayOptions;
  readonly logLines: string[];
}

async function prepare({ issuer, cloud, options, logLines }: Ingredients) {
  const folder = temporaryFolder();
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, options.policy ?? guardrailsOnly);
  const loaded = loadConfig({
    ...settingsBetween({ issuer, cloud }, policyFile),
    LOG_LEVEL: 'trace',
    ...options.environment,
  });
  if ('faults' in loaded) throw new Error(loaded.faults.map(describeFault).join('\n'));
  const { policyFile: file, policyTestsFile: testsFile } = loaded.config;
  const policy = loadAndTest({
    policyFile: file,
    testsFile,
    settings: policySettings(loaded.config, loaded.config.auth.issuers),
    now: Date.now(),
  });
  if (policy.faults !== undefined) throw new Error(policy.faults.map(describePolicyFault).join('\n'));
  const writer = { log: (line: string) => void logLines.push(line) } as LineWriter;
  return {
    config: loaded.config,
    policy,
    logger: createLogger(loaded.config.logLevel, writer),
  };
}
