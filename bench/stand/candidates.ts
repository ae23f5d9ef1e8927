// All candidates, each with what it claims. The claims are proven before anything is measured.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Candidate, Launch, Measure, Place } from './candidate.ts';
import { haproxyConfig } from './haproxy-config.ts';
import { launchPeergate } from './peergate.ts';
import { everyProbe, type Probe } from './probe.ts';
import { searchPath } from './processes.ts';
import { benchFolder } from './stand.ts';
import { audience } from './tokens.ts';

const common: readonly Measure[] = ['create', 'rate', 'list'];
const here = (): undefined => undefined;
const allBut = (...left: readonly Probe[]): Probe[] => everyProbe.filter((probe) => !left.includes(probe));

/** A program of `candidates/`, told everything by its environment. */
const ownProgram =
  (file: string) =>
  ({ stand, port }: Place): Launch => ({
    command: process.execPath,
    args: [join(benchFolder, 'candidates', file)],
    env: {
      PORT: String(port),
      UPSTREAM: `http://127.0.0.1:${stand.upstreamPort}`,
      SERVICE_TOKEN: stand.serviceToken,
      ISSUER: stand.issuer,
      JWKS_URI: `${stand.issuer}/jwks`,
      AUDIENCE: audience,
      ALGORITHM: stand.keys.algorithm,
      NODE_ENV: 'production',
    },
  });

function launchHaproxy({ stand, port, folder }: Place): Launch {
  const publicKeyFile = join(folder, 'public.pem');
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(publicKeyFile, stand.keys.publicPem);
  const { algorithm } = stand.keys;
  const { upstreamPort, issuer, serviceToken } = stand;
  writeFileSync(
    file,
    haproxyConfig({ port, upstreamPort, issuer, audience, algorithm, publicKeyFile, serviceToken }),
  );
  return { command: 'haproxy', args: ['-db', '-f', file], env: {} };
}

function withoutPackages(): string | undefined {
  return existsSync(join(benchFolder, 'node_modules', 'fastify'))
    ? undefined
    : 'its packages are not installed: npm ci --prefix bench';
}

function withoutHaproxy(): string | undefined {
  try {
    execFileSync('haproxy', ['-v'], { stdio: 'ignore', env: { PATH: searchPath() } });
    return undefined;
  } catch {
    return 'haproxy is not installed: apt-get install haproxy';
  }
}

const peergateBesides =
  'rate limits per address and per caller, idempotency, metrics, two audit records for each create that passes';

export const candidates: readonly Candidate[] = [
  {
    name: 'limit',
    what: 'node:http and undici’s `Pool.request`',
    measures: common,
    refuses: [],
    besides: 'nothing; no log',
    missing: here,
    launch: ownProgram('limit.ts'),
  },
  {
    name: 'limit-dispatch',
    what: 'the same with `Pool.dispatch` and a handler, and one write of head and body',
    measures: common,
    refuses: [],
    besides: 'nothing; no log',
    missing: here,
    launch: ownProgram('limit-dispatch.ts'),
  },
  {
    name: 'limit-auth',
    what: 'the same with jose, parsing and checks by hand, pino',
    measures: ['create', 'rate', 'new tokens'],
    refuses: allBut('repeated member'),
    besides: 'nothing; remembers no token',
    missing: here,
    launch: ownProgram('limit-auth.ts'),
  },
  {
    name: 'typical',
    what: 'express, helmet, express-rate-limit, pino-http, express.json, jose, zod, undici’s fetch',
    measures: common,
    refuses: allBut('unknown member', 'repeated member'),
    besides: 'counts a rate per address',
    missing: here,
    launch: ownProgram('typical.ts'),
  },
  {
    name: 'fastify',
    what: 'fastify, reply-from, fast-jwt with its cache, schema validation, pino',
    measures: common,
    refuses: allBut('unknown member', 'repeated member'),
    besides: 'counts a rate per caller; the key is read once, at its start',
    missing: withoutPackages,
    launch: ownProgram('fastify.ts'),
  },
  {
    name: 'haproxy',
    what: 'Debian’s HAProxy, one thread: jwt_verify, json_query, ACLs',
    measures: common,
    refuses: allBut('unknown member', 'repeated member', 'host bits'),
    besides:
      'counts a rate per caller; the key is a file, the service token is in the configuration; the caller’s bytes go upstream, and 1 passes for true',
    missing: withoutHaproxy,
    launch: launchHaproxy,
  },
  {
    name: 'peergate',
    what: 'default settings, audit on standard output',
    measures: [...common, 'new tokens', 'create 32'],
    refuses: everyProbe,
    besides: `${peergateBesides}; looks at the cluster and its peerings before each create`,
    missing: here,
    launch: launchPeergate,
  },
  {
    name: 'peergate-no-preflight',
    what: 'the same with `PREFLIGHT=off`: one exchange a create, as the others',
    measures: ['create', 'rate', 'new tokens'],
    refuses: everyProbe,
    besides: peergateBesides,
    missing: here,
    launch: (place) => launchPeergate(place, { PREFLIGHT: 'off' }),
  },
  {
    name: 'peergate-file',
    what: 'default settings, the durable audit file on the disk of the project',
    measures: ['create', 'create 32'],
    refuses: everyProbe,
    besides: 'as `peergate`; no create goes on before its record is on the disk',
    missing: here,
    launch: (place) => launchPeergate(place, { AUDIT_FILE: join(place.disk, 'audit.log') }),
  },
];
