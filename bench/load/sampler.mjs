// Loaded into a candidate with --import: samples where its processor time goes, for PROFILE_MS from PROFILE_AFTER_MS on, and
// writes the profile to PROFILE_FILE.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { setTimeout as delay } from 'node:timers/promises';

const { PROFILE_AFTER_MS, PROFILE_MS, PROFILE_FILE } = process.env;

async function sample() {
  await delay(Number(PROFILE_AFTER_MS), undefined, { ref: false });
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
  await delay(Number(PROFILE_MS), undefined, { ref: false });
  const { profile } = await session.post('Profiler.stop');
  writeFileSync(PROFILE_FILE, JSON.stringify(profile));
}
void sample();
