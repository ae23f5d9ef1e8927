// Proves before anything is measured that a candidate does what it claims: it serves a good create under the service
// credential, refuses what it says it refuses without a request upstream, and lets through what it does not claim. A
// wrong claim ends the run.
import type { Candidate } from './candidate.ts';
import { everyProbe, type Probe, probeRequest, refusals } from './probe.ts';
import { ask, runNamed } from './run-candidate.ts';
import type { Stand } from './stand.ts';
import { Keys } from './tokens.ts';

export interface Proof {
  readonly refuses: ReadonlySet<Probe>;
  /** For one create, when everything that is remembered is known. */
  readonly upstreamRequests: { readonly create: number; readonly list: number; readonly cluster: number };
  readonly logLines: number;
}

const creates = 20;

/** Rejects with what is not as claimed. */
export async function prove(stand: Stand, candidate: Candidate): Promise<Proof> {
  const running = await runNamed(stand, candidate);
  try {
    const strangers = new Keys(stand.keys.algorithm);
    const signing = { ...stand, strangers };
    const faults: string[] = [];
    const refuses = new Set<Probe>();
    await stand.counts();
    for (const probe of everyProbe) {
      const status = await ask(running.port, await probeRequest(probe, signing));
      const { create } = await stand.counts();
      if (status !== 201 && create === 0) refuses.add(probe);
      const fault = faultOf(candidate, probe, status, create);
      if (fault !== undefined) faults.push(fault);
    }
    const good = await probeRequest(undefined, signing);
    const linesBefore = lineCount(running.log());
    for (let turn = 0; turn < creates; turn += 1) {
      const status = await ask(running.port, good);
      if (status !== 201) faults.push(`a good create is answered ${status}`);
    }
    const counts = await stand.counts();
    if (counts.refused > 0) faults.push('it does not use the service credential');
    if (counts.create !== creates) faults.push(`${creates} creates became ${counts.create}`);
    if (faults.length > 0) throw new Error(`${candidate.name}: ${faults.join('; ')}`);
    const upstreamRequests = {
      create: counts.create / creates,
      list: counts.list / creates,
      cluster: counts.cluster / creates,
    };
    // What it has in its buffers comes out at its end.
    await running.end();
    const logLines = Math.round((lineCount(running.log()) - linesBefore) / creates);
    return { refuses, upstreamRequests, logLines };
  } finally {
    await running.stop();
  }
}

function faultOf(candidate: Candidate, probe: Probe, status: number, creates: number): string | undefined {
  const claimed = candidate.refuses.includes(probe);
  const good = claimed ? refusals[probe].includes(status) && creates === 0 : status === 201 && creates === 1;
  if (good) return undefined;
  const claim = claimed ? 'claims to refuse' : 'does not claim to refuse';
  return `${claim} "${probe}", answered ${status} and sent ${creates} creates`;
}

const lineCount = (text: string): number => text.split('\n').length - 1;
