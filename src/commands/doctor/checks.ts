// Each thing that the gateway depends on, asked once and left unchanged: a check resolves to what is worth knowing, or rejects.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Dispatcher } from 'undici';
import type { Config } from '../../config/config.ts';
import { certificateTimes, type TlsFiles } from '../../http/listener/tls.ts';
import { keySourceFor } from '../../identity/key-source.ts';
import { exchange } from '../../outbound/exchange.ts';
import { failureOf } from '../../outbound/failures.ts';
import { nameOf, tryRedis } from '../../state/redis-connection.ts';
import { requestToken } from '../../upstream/token-request.ts';
import { causeOf, Problem } from './cause-of.ts';
import type { ServerTime } from './watched-agent.ts';

export interface Check {
  readonly name: string;
  /** Helps against what has no better one. */
  readonly remedy: string;
  readonly run: () => Promise<string>;
}

/** An answer to one read; lists of clusters are long. */
const maxAnswerBytes = 4 * 1024 * 1024;
const dayMs = 86_400_000;
/** A certificate that ends sooner is a problem. */
const minDaysLeft = 14;

export function checksFor(config: Config, agent: Dispatcher, now: () => number): Check[] {
  const { auth, upstream, state, audit, listen } = config;
  return [
    ...auth.issuers.map((issuer) => ({
      name: `issuer ${issuer.issuer}`,
      remedy:
        issuer.jwksFile === undefined
          ? 'check its name, which must be exactly the iss of the tokens, and the place of its keys'
          : `check the file of its keys, ${issuer.jwksFile}`,
      run: async () => {
        const { length } = (await keySourceFor(issuer, agent)()).keys;
        if (length === 0) throw new Error('there is no usable key, so none of its tokens can be checked');
        return `keys: ${length}`;
      },
    })),
    {
      name: `token endpoint ${upstream.tokenUrl}`,
      remedy: 'check AEROSPIKE_CLIENT_ID and AEROSPIKE_CLIENT_SECRET, and AEROSPIKE_TOKEN_URL',
      run: async () =>
        `a token for ${Math.round((await requestToken(agent, upstream)).lifetimeMs / 60_000)} min`,
    },
    {
      name: `Aerospike Cloud ${upstream.apiUrl}`,
      remedy: 'check AEROSPIKE_API_URL',
      run: () => readClusters(config, agent),
    },
    { name: 'Redis', remedy: 'check REDIS_URL and REDIS_MODE', run: () => checkRedis(state.redis) },
    { name: 'audit log', remedy: 'check AUDIT_FILE', run: () => checkAuditFile(audit.file) },
    {
      name: 'certificate',
      remedy: 'check TLS_CERT_FILE',
      run: async () => checkCertificate(listen.tls, now()),
    },
  ];
}

async function readClusters({ upstream }: Config, agent: Dispatcher): Promise<string> {
  const { value } = await requestToken(agent, upstream).catch(() => {
    throw new Problem('there is no token to ask with', 'mend the token endpoint first');
  });
  const request = {
    method: 'GET',
    url: new URL(`${upstream.apiUrl}/database/clusters?limit=1`),
    headers: { authorization: `Bearer ${value}`, accept: 'application/json' },
  } as const;
  const limits = { timeoutMs: upstream.timeoutMs, maxBytes: maxAnswerBytes };
  const { status } = await exchange(agent, request, limits);
  if (status === 200) return 'clusters can be read';
  const remedies: Readonly<Record<number, string>> = {
    401: 'check AEROSPIKE_TOKEN_AUDIENCE and AEROSPIKE_TOKEN_SCOPE: the token is not accepted',
    403: 'give the service account the right to read clusters',
    404: 'check the path of AEROSPIKE_API_URL',
  };
  throw new Problem(
    `a read of the clusters is answered with status ${status}`,
    remedies[status] ?? 'look at the status page of Aerospike Cloud',
  );
}

async function checkRedis(redis: Config['state']['redis']): Promise<string> {
  if (redis === undefined) return 'not set: this process keeps its own state';
  await tryRedis(redis).catch((error: unknown) => {
    const remedy = 'check REDIS_URL, REDIS_MODE and the rights of its user';
    if ((error as NodeJS.ErrnoException).code === undefined) throw new Problem(nameOf(error), remedy);
    throw causeOf(failureOf(error, { sent: 'no', answering: false, receivedStatus: undefined }), remedy);
  });
  return `answers and takes writes (${redis.mode})`;
}

/** That the settings have no fault is known. */
async function checkAuditFile(file: string | undefined): Promise<string> {
  if (file === undefined) return 'records go to standard output';
  for (const [path, mode] of [
    [dirname(file), constants.W_OK | constants.X_OK],
    [file, constants.R_OK | constants.W_OK],
  ] as const) {
    const code = await access(path, mode).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );
    if (code !== undefined && !(path === file && code === 'ENOENT'))
      throw new Problem(
        `${path} cannot be written (${code})`,
        'give the user of the gateway the right to write',
      );
  }
  return `${file} can be written`;
}

/** Throws a `Problem`. `now`: milliseconds since the epoch. */
export function checkCertificate(tls: TlsFiles | undefined, now: number): string {
  if (tls === undefined) return 'not set: the public listener has no TLS';
  const { beginsAt, endsAt } = certificateTimes(tls);
  const remedy = 'renew it; the gateway reads the files again by itself';
  if (now < beginsAt) throw new Problem('it is not valid yet', 'check the clock of this machine');
  if (now >= endsAt) throw new Problem(`it ended on ${new Date(endsAt).toISOString()}`, remedy);
  const days = Math.floor((endsAt - now) / dayMs);
  if (days < minDaysLeft) throw new Problem(`it ends in ${days} days`, remedy);
  return `valid for ${days} days`;
}

/** The server that differs most counts. */
export function checkClock(times: readonly ServerTime[], toleranceSeconds: number): string {
  const [worst] = times.toSorted((a, b) => Math.abs(b.aheadMs) - Math.abs(a.aheadMs));
  if (worst === undefined) throw new Problem('no server said what time it is', 'mend what failed before');
  const seconds = Math.round(Math.abs(worst.aheadMs) / 1000);
  const direction = worst.aheadMs > 0 ? 'ahead of' : 'behind';
  // `Date` leaves out the parts of a second, and the answer takes its time.
  if (seconds > toleranceSeconds + 1)
    throw new Problem(
      `this machine is ${seconds} s ${direction} ${worst.host}`,
      'set the clock by NTP; AUTH_CLOCK_TOLERANCE_SECONDS is what tokens may differ by',
    );
  return `within ${toleranceSeconds} s of every server`;
}
