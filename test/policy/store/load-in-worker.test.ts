// Policy files that never answer, as on a mount that hangs: the thread reads a FIFO that nobody writes to.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createWorkerLoad } from '../../../src/policy/store/load-in-worker.ts';
import { guardrailsOnly } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

test('a load whose file never answers is given up, no other one hangs beside it, and a later one works', async () => {
  const folder = temporaryFolder();
  const [fifo, policyFile] = [join(folder, 'fifo.yaml'), join(folder, 'policy.yaml')];
  execFileSync('mkfifo', [fifo]);
  await writeFile(policyFile, guardrailsOnly);
  const worker = new URL('../../../src/policy/store/policy-worker.ts', import.meta.url);
  const readsFirst = `import { readFileSync } from 'node:fs';
    import { workerData } from 'node:worker_threads';
    readFileSync(workerData.policyFile);
    await import('${worker}');`;
  const load = createWorkerLoad(8000, new URL(`data:text/javascript,${encodeURIComponent(readsFirst)}`));
  const request = { policyFile, testsFile: undefined, settings: {}, now: 0 };
  await assert.rejects(load({ ...request, policyFile: fifo }), /did not answer in 8 s/);
  await assert.rejects(load(request), /still do not answer/);
  // Unlike 'w', it waits for no reader.
  const writer = await open(fifo, 'r+');
  await writer.close();
  let faults: unknown;
  const isLoaded = async () => {
    const read = await load(request).catch(() => undefined);
    faults = read?.faults;
    return read !== undefined;
  };
  await until('a policy is loaded again', isLoaded, 60_000);
  assert.equal(faults, undefined);
});
