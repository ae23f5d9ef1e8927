// One candidate as a process: started, waited for until it serves a good create, and ended.
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Candidate, Launch, Place } from './candidate.ts';
import { type ProbeRequest, probeRequest } from './probe.ts';
import { pidOf } from './processes.ts';
import type { Stand } from './stand.ts';

export interface RunningCandidate {
  readonly port: number;
  readonly pid: number;
  /** What it has written to its standard output and standard error, which are one file in memory. */
  log(): string;
  /** Ends the process; its log can still be read. */
  end(): Promise<void>;
  /** Ends the process and removes what it wrote. */
  stop(): Promise<void>;
}

const startMs = 60_000;

/** Rejects when it does not serve a good create in time; then it is gone. */
export async function runCandidate(
  stand: Stand,
  launchIn: (place: Place) => Launch,
  name: string,
): Promise<RunningCandidate> {
  const folder = mkdtempSync(join(stand.folder, 'candidate-'));
  const disk = mkdtempSync(join(stand.disk, 'candidate-'));
  mkdirSync(join(folder, 'own'));
  const [port, secondPort] = await freePorts();
  const logFile = join(folder, 'log');
  const output = openSync(logFile, 'a');
  const launch = launchIn({ stand, port, secondPort, folder: join(folder, 'own'), disk });
  const child = stand.processes.start({ ...launch, output, core: stand.cores.candidate });
  closeSync(output);
  const log = () => readFileSync(logFile, 'utf8');
  const end = () => stand.processes.stop(child);
  const stop = async () => {
    await end();
    for (const path of [folder, disk]) rmSync(path, { recursive: true, force: true });
  };
  try {
    const create = await probeRequest(undefined, { ...stand, strangers: stand.keys });
    await serves(port, create, () => child.exitCode !== null || child.pid === undefined);
    return { port, pid: pidOf(child), log, end, stop };
  } catch (error) {
    const last = log().slice(-2000);
    await stop();
    throw new Error(`${name}: ${(error as Error).message}\n${last}`);
  }
}

export const runNamed = (stand: Stand, candidate: Candidate): Promise<RunningCandidate> =>
  runCandidate(stand, (place) => candidate.launch(place), candidate.name);

async function serves(port: number, create: ProbeRequest, gone: () => boolean): Promise<void> {
  const end = performance.now() + startMs;
  let last = 'no connection';
  while (performance.now() < end) {
    if (gone()) throw new Error('it ended at its start');
    try {
      last = String(await ask(port, create));
      if (last === '201') return;
    } catch (error) {
      last = (error as Error).message;
    }
    await delay(10);
  }
  throw new Error(`it does not serve: ${last}`);
}

/** The status of one answer, over a connection of its own. */
export async function ask(port: number, { path, token, body }: ProbeRequest): Promise<number> {
  const answer = await request(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body,
    reset: true,
  });
  await answer.body.dump();
  return answer.statusCode;
}

/** Free now; nobody else on this machine is expected to take them in the next moment. */
export async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve) => {
        server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
      }),
  );
  const [first = 0, second = 0] = await Promise.all(ports);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [first, second];
}
