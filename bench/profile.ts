// Where the processor time of a create goes, area by area, in a process that is warm: with one request upstream, as the peers
// make it.
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progress } from './progress.ts';
import { describeCommit, describeMachine } from './report/machine.ts';
import { sharesOf } from './report/profile-areas.ts';
import { table } from './report/table.ts';
import { writeResults } from './report/write-results.ts';
import { launchPeergate } from './stand/peergate.ts';
import { runCandidate } from './stand/run-candidate.ts';
import { openStand } from './stand/stand.ts';
import type { Algorithm } from './stand/tokens.ts';

const sampler = fileURLToPath(new URL('load/sampler.mjs', import.meta.url));
const inFlight = 64;
const tokens = 100;

export async function profile({ quick, algorithm }: { quick: boolean; algorithm: Algorithm }): Promise<void> {
  const [warmMs, sampledMs] = quick ? [3_000, 3_000] : [20_000, 20_000];
  const stand = await openStand({ algorithm, tokens, progress: (text) => progress(`\r${text}\x1b[K`) });
  try {
    const file = join(mkdtempSync(join(stand.folder, 'profile-')), 'profile.json');
    const running = await runCandidate(
      stand,
      (place) => {
        const launch = launchPeergate(place, { PREFLIGHT: 'off' });
        const env = { PROFILE_AFTER_MS: String(warmMs), PROFILE_MS: String(sampledMs), PROFILE_FILE: file };
        return { ...launch, args: ['--import', sampler, ...launch.args], env: { ...launch.env, ...env } };
      },
      'peergate',
    );
    progress('\rprofile\x1b[K');
    const { tokenFile } = stand;
    const deck = { kind: 'create', tokenFile, firstToken: 0, tokens, once: false } as const;
    const warm = { minMs: 0, requests: 0, maxMs: 0 };
    const measuredMs = warmMs + sampledMs + 2_000;
    const job = { port: running.port, deck, expected: 201, load: { inFlight }, warm, measuredMs };
    await stand.load(job, running.pid);
    await running.stop();
    progress('\r\x1b[K');
    const shares = sharesOf(JSON.parse(readFileSync(file, 'utf8')));
    const rows = shares.map(([area, share]) => [area, `${(share * 100).toFixed(1)} %`]);
    const text = table(['area', 'share'], rows);
    const date = new Date().toISOString().slice(0, 10);
    const folder = writeResults(
      {
        'profile.md': `# Where the time goes

\`npm run bench -- profile\`, ${date}, peergate${describeCommit()}. ${describeMachine()}.

Shares of the processor time of a create with \`PREFLIGHT=off\`, ${inFlight} in flight, tokens seen before: sampled every 0.2 ms for
${sampledMs / 1000} s, after ${warmMs / 1000} s of load. What the engine runs (JSON, hashing, system calls) counts for what called it.

${text}
`,
      },
      !quick,
    );
    console.log(`${text}\n\nAlso in ${folder}/profile.md`);
  } finally {
    await stand.close();
  }
}
