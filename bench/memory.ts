// How much memory peergate holds under full load with few tokens, by the options of V8 that bound it, and what each costs in
// processor time. Beside it the bare limit with the same options.
import { residentMb } from './load/usage.ts';
import { median } from './report/statistics.ts';
import { table } from './report/table.ts';
import type { Candidate } from './stand/candidate.ts';
import { candidates } from './stand/candidates.ts';
import { runCandidate } from './stand/run-candidate.ts';
import type { Stand } from './stand/stand.ts';

/** Of MAX_IN_FLIGHT, what is not kept for requests that need no upstream. */
const inFlight = 240;
const tokens = 100;
const rounds = 5;
const lookMs = 100;
const maxMb = 200;
/** Processor time of a create, against the same program without options. */
const maxCost = 1.3;
/** What the Dockerfile starts Node with. */
export const imageOptions: readonly string[] = ['--max-semi-space-size=16', '--heap-growing-percent=50'];

const cases = [
  ['peergate', []],
  ['peergate', imageOptions.slice(0, 1)],
  ['peergate', imageOptions],
  ['limit', []],
  ['limit', imageOptions],
] as const satisfies readonly (readonly [string, readonly string[]])[];

export const memoryMethod = `Memory is the most that was resident, looked at every ${lookMs} ms, with ${inFlight} creates in flight on one core and ${tokens} tokens:
of ${rounds} processes the largest, after 30,000 creates or 10 s of warm-up. The cost is the processor time of a create against that of the same
program without options: the median of the ratios within a round. The target, at most ${maxMb} MiB at no more than ${Math.round((maxCost - 1) * 100)} % of it, is for the options of the image.`;

/** As a table. `show` is told what is being measured. */
export async function measureMemory(
  stand: Stand,
  quick: boolean,
  show: (text: string) => void,
): Promise<string> {
  const measured = cases.map(([name, options]) => ({ name, options, most: 0, cpuUs: [] as number[] }));
  for (let round = 0; round < (quick ? 1 : rounds); round += 1) {
    for (const one of round % 2 === 0 ? measured : measured.toReversed()) {
      show(`memory: ${one.name} ${one.options.join(' ')}`);
      const { most, cpuUs } = await underLoad(stand, named(one.name), one.options, quick);
      one.most = Math.max(one.most, most);
      one.cpuUs.push(cpuUs);
    }
  }
  const rows = measured.map(({ name, options, most, cpuUs }) => {
    const without = measured.find((other) => other.name === name)?.cpuUs ?? [];
    const cost = median(cpuUs.map((us, round) => us / (without[round] ?? Number.NaN)));
    const isJudged = name === 'peergate' && options.length === imageOptions.length;
    const verdict = most <= maxMb && cost <= maxCost ? 'pass' : '**miss**';
    return [
      `\`${name}\``,
      options.length === 0 ? 'none' : `\`${options.join(' ')}\``,
      most.toFixed(0),
      median(cpuUs).toFixed(0),
      `${cost >= 1 ? '+' : '−'}${Math.abs((cost - 1) * 100).toFixed(0)} %`,
      isJudged ? verdict : '',
    ];
  });
  return table(['program', 'options of Node', 'resident, MiB', 'CPU a create, µs', 'cost', 'target'], rows);
}

function named(name: string): Candidate {
  const found = candidates.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`there is no candidate ${name}`);
  return found;
}

async function underLoad(stand: Stand, candidate: Candidate, options: readonly string[], quick: boolean) {
  const running = await runCandidate(
    stand,
    (place) => {
      const asUsual = candidate.launch(place);
      return { ...asUsual, args: [...options, ...asUsual.args] };
    },
    candidate.name,
  );
  let most = 0;
  const look = setInterval(() => {
    most = Math.max(most, residentMb(running.pid));
  }, lookMs);
  try {
    const { tokenFile } = stand;
    const deck = { kind: 'create', tokenFile, firstToken: 0, tokens, once: false } as const;
    const warm = { minMs: 0, requests: 30_000, maxMs: quick ? 4_000 : 10_000 };
    const job = { port: running.port, deck, expected: 201, load: { inFlight }, warm };
    const outcome = await stand.load({ ...job, measuredMs: quick ? 2_000 : 5_000 }, running.pid);
    return {
      most: Math.max(most, outcome.residentMb),
      cpuUs: (outcome.candidateSeconds / outcome.requests) * 1e6,
    };
  } finally {
    clearInterval(look);
    await running.stop();
  }
}
