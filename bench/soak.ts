// A soak of the gateway: `npm run soak -- --minutes 30`. A steady load with every feature, and a disturbance every minute: policy
// and issuers change, logs are rotated, keys and certificates replaced, Redis fails over, Aerospike Cloud fails. After each
// minute the load pauses, and what the idle process keeps is measured from outside, through Node's inspector and /proc.
//
// Ends with status 1 after an answer or an error in the log that nothing excuses, a lock or an intent that is left open, a
// finding of `audit verify`, one leaked handle, or a live heap that has grown by 5 %; `soak/verdict.ts` says how growth is told
// from noise.
import { parseArgs } from 'node:util';
import { openScope } from '../test/support/scope.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { median } from './report/statistics.ts';
import { figure, percent, table } from './report/table.ts';
import { writeResults } from './report/write-results.ts';
import { type Round, runSoak, type SoakOutcome } from './soak/run-soak.ts';
import { growthOf, leaksIn } from './soak/verdict.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error('usage: npm run soak -- [--minutes N]');
  process.exit(2);
}

/** With fewer points nothing can be said about growth. */
const minRounds = 8;
const rounds = Math.max(minRounds, Math.round(minutes));
/** The look at the end of a round takes some ten seconds. */
const loadMs = Math.max(4000, (minutes * 60_000) / rounds - 10_000);
const mb = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

function show({ point, disturbance, requests, seconds, cores }: Round): void {
  const rate = (requests / seconds).toFixed(0);
  const parts = [
    new Date().toISOString().slice(11, 19),
    `${requests} requests, ${rate}/s`,
    `${percent(cores)} of a core`,
    `heap ${mb(point.heap)} MB, resident ${mb(point.rss)} MB`,
    `${point.fds} open files and sockets`,
    disturbance,
  ];
  console.log(parts.join('; '));
}

function report({ rounds: all, faults, counts, records, logLines }: SoakOutcome): string {
  const growths = growthOf(all.map(({ point }) => point));
  const found = [...faults, ...leaksIn(growths)];
  const inAll = all.reduce((sum, { requests }) => sum + requests, 0);
  const answers = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const disturbed = Map.groupBy(all, ({ disturbance }) => disturbance);
  const lines = [
    '# A soak\n',
    `\`npm run soak -- --minutes ${minutes}\`\n`,
    `${new Date().toISOString().slice(0, 10)}, peergate${describeCommit()}. ${describeMachine()}.\n`,
    table(
      ['', ''],
      [
        ['rounds of load', String(all.length)],
        ['requests', inAll.toLocaleString('en')],
        ['requests a second under load', figure(median(all.map((round) => round.requests / round.seconds)))],
        ['share of a core that the gateway used', percent(median(all.map(({ cores }) => cores)))],
        ['audit records, verified with the key', records.toLocaleString('en')],
        ...[...logLines].map(([level, count]) => [
          `log lines \`${level}\`, besides those of requests`,
          String(count),
        ]),
        ['unexpected answers, log lines, findings, or things left open', String(faults.length)],
      ],
    ),
    '\nWhat the idle process keeps, as the median of the first and of the last quarter of the rounds after the warm-up:\n',
    table(
      ['', 'first', 'last', 'allowed growth'],
      growths.map(({ what, first, last, allowed }) => {
        const read = what === 'live heap' ? (value: number) => `${mb(value)} MB` : String;
        return [what, read(first), read(last), percent(allowed)];
      }),
    ),
    '\nDisturbances:\n',
    table(
      ['', 'rounds'],
      [...disturbed].map(([name, each]) => [name, String(each.length)]),
    ),
    '\nAnswers:\n',
    table(
      ['asked: status', 'answers'],
      answers.map(([name, count]) => [name, count.toLocaleString('en')]),
    ),
    found.length === 0
      ? '\nNothing failed.'
      : `\nFailed:\n\n${found
          .slice(0, 50)
          .map((one) => `- ${one}`)
          .join('\n')}`,
  ];
  if (found.length > 0) process.exitCode = 1;
  return `${lines.join('\n')}\n`;
}

// What was started ends with this process, also when it is told to end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const scope = openScope();
try {
  const text = report(await runSoak(scope, { rounds, loadMs, finished: show }));
  const folder = writeResults({ 'soak.md': text }, minutes >= 30);
  console.log(`\n${text}\nAlso in ${folder}/soak.md`);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await scope.close();
}
