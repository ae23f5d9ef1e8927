// How the cost of a create grows with what an operator or a caller can make large. Sizes are interleaved in rounds,
// each in a new process; a chart for each thing that grows, and one table.
import { type GrowthChart, type GrowthPoint, growthCharts, maxTokens } from './growth-points.ts';
import { progress } from './progress.ts';
import { lineChart } from './report/line-chart.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { rangeOf } from './report/statistics.ts';
import { ranged, table } from './report/table.ts';
import { writeResults } from './report/write-results.ts';
import { type Sample, sampleOf } from './stand/measure.ts';
import { launchPeergate } from './stand/peergate.ts';
import { runCandidate } from './stand/run-candidate.ts';
import { openStand, type Stand } from './stand/stand.ts';
import type { Algorithm } from './stand/tokens.ts';

export interface GrowthOptions {
  readonly quick: boolean;
  readonly rounds: number | undefined;
  readonly only: readonly string[] | undefined;
  readonly algorithm: Algorithm;
}

const usualRounds = 3;

interface Measured {
  readonly chart: GrowthChart;
  readonly series: string;
  readonly point: GrowthPoint;
  readonly samples: Sample[];
}

export async function growth({ quick, rounds, only, algorithm }: GrowthOptions): Promise<void> {
  const unknown = only?.find((name) => !growthCharts.some((chart) => chart.name === name));
  if (unknown !== undefined) throw new Error(`there is no chart ${unknown}`);
  const charts = growthCharts.filter(({ name }) => only === undefined || only.includes(name));
  const measured: Measured[] = charts.flatMap((chart) =>
    chart.series.flatMap(({ name, points }) =>
      points.map((point) => ({ chart, series: name, point, samples: [] })),
    ),
  );
  const count = rounds ?? (quick ? 1 : usualRounds);
  const show = (text: string) => progress(`\r${text}\x1b[K`);
  const tokens = charts.some(({ name }) => name === 'tokens') ? maxTokens : 100;
  const stand = await openStand({ algorithm, tokens, progress: show });
  try {
    for (let round = 0; round < count; round += 1) {
      for (const { chart, point, samples } of round % 2 === 0 ? measured : measured.toReversed()) {
        show(`round ${round + 1} of ${count}: ${chart.name} ${point.size}`);
        samples.push(await measurePoint(stand, chart.name, point, quick ? 600 : 1500));
      }
    }
  } finally {
    await stand.close();
  }
  progress('\r\x1b[K');
  const files: Record<string, string> = { 'growth.md': report(measured, count, algorithm) };
  for (const chart of charts) files[`growth-${chart.name}.svg`] = draw(chart, measured);
  const folder = writeResults(files, !quick && only === undefined && count >= usualRounds);
  console.log(`${growthTable(measured)}\n\nThe charts are in ${folder}`);
}

async function measurePoint(stand: Stand, name: string, point: GrowthPoint, ms: number): Promise<Sample> {
  const { settings = {}, policy, tokens = 100, inFlight = 64, bodyBytes = 0 } = point;
  const running = await runCandidate(
    stand,
    (place) => launchPeergate(place, { PREFLIGHT: 'off', ...settings }, policy?.()),
    `${name} ${point.size}`,
  );
  try {
    const { tokenFile } = stand;
    const deck = { kind: 'create', tokenFile, firstToken: 0, tokens, once: false, bodyBytes } as const;
    const job = {
      port: running.port,
      deck,
      expected: 201,
      load: { inFlight },
      warm: { minMs: ms, requests: 5_000, maxMs: 2 * ms },
      measuredMs: ms,
    };
    return sampleOf(await stand.load(job, running.pid));
  } catch (error) {
    throw new Error(`${name} ${point.size}: ${(error as Error).message}\n${running.log().slice(-2000)}`);
  } finally {
    await running.stop();
  }
}

const rangedOf = (samples: readonly Sample[], metric: keyof Sample): string => {
  const range = rangeOf(samples.map((sample) => sample[metric]));
  return range === undefined ? '–' : ranged(range);
};

function growthTable(measured: readonly Measured[]): string {
  const rows = measured.map(({ chart, series, point, samples }) => [
    chart.series.length > 1 ? `${chart.name}: ${series}` : chart.name,
    point.size.toLocaleString('en-US'),
    rangedOf(samples, 'cpuUs'),
    rangedOf(samples, 'throughput'),
    rangedOf(samples, 'p50Ms'),
    rangedOf(samples, 'residentMb'),
  ]);
  return table(['what', 'size', 'CPU a create, µs', 'creates/s', 'p50, ms', 'resident, MiB'], rows);
}

function report(measured: readonly Measured[], rounds: number, algorithm: Algorithm): string {
  const date = new Date().toISOString().slice(0, 10);
  const charts = new Set(measured.map(({ chart }) => chart));
  return `# Growth

\`npm run bench -- growth\`, ${date}, peergate${describeCommit()}, tokens signed with ${algorithm}. ${describeMachine()}.

Medians, in brackets the least and the most, of ${rounds} rounds, each in a new process on one core. Creates with \`PREFLIGHT=off\`,
64 in flight and 100 tokens, but for what grows.

${growthTable(measured)}

${[...charts].map(({ name, title }) => `![${title}](growth-${name}.svg)`).join('\n')}
`;
}

function draw(chart: GrowthChart, measured: readonly Measured[]): string {
  const { title, sizes } = chart;
  const series = chart.series.map(({ name }) => ({
    name,
    points: measured
      .filter((one) => one.chart === chart && one.series === name)
      .flatMap(({ point, samples }) => {
        const range = rangeOf(samples.map(({ cpuUs }) => cpuUs));
        return range === undefined ? [] : [{ size: point.size, range }];
      }),
  }));
  return lineChart({ title, sizes, cost: 'processor time of one create, µs: median and range', series });
}
