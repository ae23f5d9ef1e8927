// What happens to a gateway in a good year, in minutes: files that change, logs that are rotated, keys that are replaced, a Redis
// that fails over, and an Aerospike Cloud that has a bad moment. Each says what it excuses, and looks that it took effect.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { RequestListener, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { AerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import type { RecordedRequest } from '../../sandbox/recorded-requests.ts';
import { until } from '../../test/support/until.ts';
import type { Load } from './load.ts';
import { policyText, type Site } from './site.ts';
import type { Tolerance } from './tolerance.ts';

export interface Stage {
  readonly site: Site;
  readonly load: Load;
  readonly tolerance: Tolerance;
  /** Counts the disturbances so far. */
  readonly number: number;
}

export interface Disturbance {
  readonly name: string;
  readonly act: (stage: Stage) => Promise<void>;
}

const patienceMs = 30_000;
/** A service whose limit nobody else uses up. */
const probe = 'svc-900';

/** The next line of the log that says so. */
async function logged({ logs }: Site, msg: string, act: () => Promise<unknown> | unknown): Promise<void> {
  const before = logs.length;
  await act();
  await until(`the log says: ${msg}`, () => logs.slice(before).some((line) => line.msg === msg), patienceMs);
}

/** The status of a list by a caller of this name. */
async function listAs({ load, site }: Stage, subject: string, issuer = site.issuer): Promise<number> {
  const agent = load.agent('127.0.0.200');
  try {
    const authorization = `Bearer ${await load.tokenOf(subject, issuer)}`;
    const path = '/database/clusters/6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11/vpc-peerings';
    return (await load.send(agent, { path, authorization })).status;
  } finally {
    await agent.close();
  }
}

async function changePolicy(stage: Stage): Promise<void> {
  const { site, number, tolerance } = stage;
  await logged(site, 'policy loaded', () =>
    site.replace('policy.yaml', policyText('one-more', `granted ${number}`)),
  );
  assert.equal(await listAs(stage, 'one-more'), 200, 'a new grant is in force');
  await logged(site, 'policy loaded', () =>
    site.replace('policy.yaml', policyText('nobody', `revoked ${number}`)),
  );
  assert.equal(await listAs(stage, 'one-more'), 403, 'a revoked grant is not');
  await logged(site, 'policy unchanged', () => site.signal('SIGHUP'));
  await tolerance.during({ logs: /"msg":"policy rejected"/ }, async () => {
    await logged(site, 'policy rejected', () => site.replace('policy.yaml', `version: 1 # ${number}\n`));
    assert.equal(await listAs(stage, 'one-more'), 403, 'a rejected policy changes nothing');
  });
  const restored = policyText('nobody', `revoked ${number}`);
  await logged(site, 'policy restored after a rejected one', () => site.replace('policy.yaml', restored));
}

async function changeIssuers(stage: Stage): Promise<void> {
  const { site, tolerance } = stage;
  const both = site.issuersText([site.issuer, site.other]);
  await tolerance.during({ codes: ['token-invalid'] }, async () => {
    await logged(site, 'issuers loaded', () => site.replace('issuers.yaml', site.issuersText([site.issuer])));
    assert.equal(await listAs(stage, probe, site.other), 401, 'an issuer that is gone is not trusted');
    await tolerance.during({ logs: /"msg":"issuers rejected/ }, () =>
      logged(site, 'issuers rejected; the last good ones stay', () => site.replace('issuers.yaml', '{}')),
    );
    await logged(site, 'issuers loaded', () => site.replace('issuers.yaml', both));
    await until(
      'the keys of the issuer are there again',
      async () => (await listAs(stage, probe, site.other)) === 200,
    );
  });
}

async function rotateLog({ site, number }: Stage): Promise<void> {
  await logged(site, 'the audit log continues in another file', async () => {
    await rename(site.auditFile, `${site.auditFile}.${number}`);
    site.signal('SIGUSR2');
  });
  assert.ok(readdirSync(site.folder).includes('audit.log'), 'the log goes on under its name');
}

async function rotateKeys(stage: Stage): Promise<void> {
  const { site, load, tolerance } = stage;
  await site.issuer.rotate({ keep: true });
  await load.renewTokens();
  await delay(1000);
  // From now on the former keys are gone, and who still has a token of them is refused once the gateway knows.
  site.issuer.keys = site.issuer.keys.slice(-1);
  assert.equal(await listAs(stage, probe), 200);
  await tolerance.during({ codes: ['token-invalid'] }, () => load.renewTokens(), 2000);
}

async function renewCertificate({ site }: Stage): Promise<void> {
  await logged(site, 'reloaded the TLS files', () => site.renewCertificate());
}

/** What an idempotency key promises ends with what Redis lost. */
const withoutRedis = {
  codes: [
    ...['idempotency-unavailable', 'idempotency-key-running', 'fleet-unavailable', 'cluster-busy'],
    ...['vpc-peered-already', 'upstream'],
  ],
  logs: /"msg":"Redis is down|"code":"idempotency-unavailable"/,
};

async function failRedisOver({ site, tolerance }: Stage): Promise<void> {
  await tolerance.during(
    withoutRedis,
    async () => {
      await logged(site, 'Redis is up', () => site.redis.failOver());
      await site.redis.restore();
    },
    // A key whose answer could not be stored stays held until its lease ends.
    12_000,
  );
}

const problem = (response: ServerResponse, status: number, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/problem+json', ...headers });
  response.end(
    JSON.stringify({ type: 'urn:aerospike:errors:system:internal', title: 'x', status, detail: 'x' }),
  );
};

/** Each takes the place of an answer. */
const faults: readonly RequestListener[] = [
  ({ socket }) => void socket.destroy(),
  (_request, response) => problem(response, 500),
  (_request, response) => problem(response, 503, { 'retry-after': '1' }),
  (_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
    response.write('{', () => response.destroy());
  },
  (_request, response) => void setTimeout(() => response.destroy(), 1500),
];

/** A create that is carried out, and whose answer is lost. */
const carryOut = (cloud: AerospikeCloud, { path, body }: RecordedRequest): RequestListener => {
  const clusterId = path.split('/')[4] ?? '';
  cloud.addPeering(clusterId, JSON.parse(body));
  return ({ socket }) => void socket.destroy();
};

const failingUpstream = {
  codes: [
    ...['upstream-unreachable', 'upstream-broken', 'upstream-timeout', 'circuit-open', 'preflight-failed'],
    ...['service-token-unavailable', 'service-token-timeout', 'cluster-busy', 'upstream'],
    ...['idempotency-key-running', 'vpc-peered-already', 'cidr-overlap', 'overloaded'],
  ],
  logs: /"msg":"(?:circuit breaker open|failed to obtain a service token)|"code":"(?:upstream|preflight|service-token)-/,
};

/** A delete whose answer is lost stays open for ten minutes, so deletes are left alone. */
async function troubleUpstream({ site, tolerance }: Stage): Promise<void> {
  let seen = 0;
  const { cloud } = site;
  await tolerance.during(
    failingUpstream,
    async () => {
      cloud.setFault((request) => {
        seen += 1;
        if (request.method === 'DELETE' || seen % 3 !== 0) return undefined;
        if (request.method === 'POST' && request.path.startsWith('/v1/') && seen % 2 === 0)
          return carryOut(cloud, request);
        return faults[(seen / 3) % faults.length];
      });
      await delay(5000);
      cloud.setFault(undefined);
      cloud.revokeTokens();
      await delay(1000);
    },
    // A breaker that has opened lets a probe through after a while.
    15_000,
  );
}

export const disturbances: readonly Disturbance[] = [
  { name: 'policy changed, granted, revoked, rejected', act: changePolicy },
  { name: 'audit log rotated', act: rotateLog },
  { name: 'Redis failed over', act: failRedisOver },
  { name: 'issuers changed', act: changeIssuers },
  { name: 'Aerospike Cloud failing', act: troubleUpstream },
  { name: 'issuer keys rotated', act: rotateKeys },
  { name: 'certificate renewed', act: renewCertificate },
];
