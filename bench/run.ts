// The measurements' command line: which of them, and how long.
import { parseArgs } from 'node:util';
import { compare } from './compare.ts';
import { growth } from './growth.ts';
import { instances } from './instances.ts';
import { profile } from './profile.ts';
import { includeInDocument } from './report/write-results.ts';
import { candidates } from './stand/candidates.ts';
import { start } from './start.ts';

const help = `npm run bench -- [compare|growth|start|instances|profile|include] [options]

  compare          peergate beside its peers and the bare limit (the default)
  growth           what a create costs by size of the policy, grants, tokens, body, and in flight
  start            time to start, and memory with 240 creates in flight
  instances        one instance beside two that share Redis, each on a core
  profile          where the processor time of a create goes
  include          puts the results into docs/performance.md

  --quick          two rounds, shorter: a look, nothing to rely on
  --rounds N       so many rounds
  --add            compare: adds the rounds to those in bench/results, which have to be of the
                   same commit, machine and plan
  --only A,B       only these candidates: ${candidates.map(({ name }) => name).join(', ')};
                   of growth, only these charts
  --algorithm ALG  RS256 (the default) or ES256

Needs Linux and two cores, and nothing else to be running. Fastify and its plugins are installed
by npm ci --prefix bench, HAProxy by apt-get install haproxy; what is missing is left out.`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      add: { type: 'boolean', default: false },
      only: { type: 'string' },
      algorithm: { type: 'string', default: 'RS256' },
      help: { type: 'boolean', default: false },
    },
  });
  const { algorithm } = values;
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (algorithm !== 'RS256' && algorithm !== 'ES256') throw new Error('--algorithm is RS256 or ES256');
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0 && rounds <= 1000))
    throw new Error('--rounds is a number from 1 to 1000');
  const [what = 'compare', ...rest] = positionals;
  if (values.add && (values.quick || values.only !== undefined))
    throw new Error('--add is for whole rounds, without --quick and --only');
  if (rest.length > 0) throw new Error(`what is ${rest[0]}?`);
  return { ...values, algorithm, rounds, what, only: values.only?.split(',') } as const;
}

function complain(error: unknown): never {
  console.error(`${(error as Error).message}\n\n${help}`);
  process.exit(2);
}

async function run(): Promise<void> {
  let options: ReturnType<typeof readArguments>;
  try {
    options = readArguments();
    if (options.what === 'compare') {
      const unknown = options.only?.find((name) => !candidates.some((candidate) => candidate.name === name));
      if (unknown !== undefined) throw new Error(`there is no candidate ${unknown}`);
    } else if (!['growth', 'start', 'instances', 'profile', 'include'].includes(options.what)) {
      throw new Error(`there is no measurement ${options.what}`);
    }
  } catch (error) {
    complain(error);
  }
  if (options.help) console.log(help);
  else if (options.what === 'growth') await growth(options);
  else if (options.what === 'start') await start(options);
  else if (options.what === 'instances') await instances(options);
  else if (options.what === 'profile') await profile(options);
  else if (options.what === 'include') includeInDocument();
  else await compare(options);
}

try {
  await run();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
process.exit();
