// The load generator, a process of its own on the load's core. Does one job at a time as its parent tells it, and
// reads what the candidate used at the very moments at which the measured time begins and ends. Ends with its parent.
import { percentile } from '../report/statistics.ts';
import { closedLoop } from './closed-loop.ts';
import { Deck } from './deck.ts';
import type { LoadJob, LoadOutcome } from './job.ts';
import { openLoop } from './open-loop.ts';
import { coreSeconds, processSeconds, residentMb } from './usage.ts';

interface Reading {
  readonly candidate: number;
  readonly upstream: number;
  readonly generator: number;
  readonly candidateCore: number;
  readonly loadCore: number;
}

const read = ({ watch }: LoadJob): Reading => ({
  candidate: processSeconds(watch.candidate),
  upstream: processSeconds(watch.upstream),
  generator: processSeconds(process.pid),
  candidateCore: coreSeconds(watch.candidateCore),
  loadCore: coreSeconds(watch.loadCore),
});

async function run(job: LoadJob): Promise<LoadOutcome> {
  const deck = new Deck(job.deck, job.port);
  let before = read(job);
  let after = before;
  const window = {
    begin: () => {
      before = read(job);
    },
    end: () => {
      after = read(job);
    },
  };
  const { load } = job;
  const timings =
    'inFlight' in load
      ? await closedLoop(job, load.inFlight, deck, window)
      : await openLoop(job, load.perSecond, deck, window);
  const used = (key: keyof Reading): number => after[key] - before[key];
  return {
    requests: timings.tookMs.length,
    seconds: timings.seconds,
    p50Ms: percentile(timings.tookMs, 0.5),
    p99Ms: percentile(timings.tookMs, 0.99),
    lateMs: percentile(timings.lateMs, 0.99),
    candidateSeconds: used('candidate'),
    upstreamSeconds: used('upstream'),
    generatorSeconds: used('generator'),
    foreignSeconds: Math.max(0, used('candidateCore') - used('candidate')),
    loadForeignSeconds: Math.max(0, used('loadCore') - used('generator') - used('upstream')),
    residentMb: residentMb(job.watch.candidate),
    warmUpRequests: timings.warmUpRequests,
  };
}

process.on('disconnect', () => process.exit());
process.on('message', (job: LoadJob) => {
  run(job).then(
    (outcome) => process.send?.({ outcome }),
    (error: Error) => process.send?.({ fault: error.message }),
  );
});
process.send?.({ ready: true });
