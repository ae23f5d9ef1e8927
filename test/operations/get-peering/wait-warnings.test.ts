// What a gateway that runs as a process writes to stderr when a wait reaches its deadline: nothing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { startAerospikeCloud } from '../../../sandbox/aerospike-cloud.ts';
import { root } from '../../docs/documents.ts';
import { endWithTest } from '../../support/child-process.ts';
import { allowed, clusterId, guardrailsOnly, peeringsPath, send } from '../../support/gateway.ts';
import { startIssuer } from '../../support/issuer.ts';
import { settingsBetween } from '../../support/settings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('a wait that reaches its deadline makes no timer with a negative duration: Node warns of nothing on stderr', async (t) => {
  const [issuer, cloud] = [await startIssuer(), await startAerospikeCloud()];
  const folder = temporaryFolder();
  const policyFile = join(folder, 'policy.yaml');
  await writeFile(policyFile, guardrailsOnly);
  const child = endWithTest(
    t,
    spawn(process.execPath, ['src/main.ts', 'serve'], {
      cwd: root,
      env: settingsBetween({ issuer, cloud }, policyFile),
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  const exited = once(child, 'exit');
  const stderr = text(child.stderr);
  t.after(() => Promise.all([issuer.close(), cloud.close()]));
  const port = await new Promise<number>((resolve, reject) => {
    exited.then(() => reject(new Error('the gateway did not start')));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, port: listening } = JSON.parse(line);
      if (msg === 'listening') resolve(listening);
    });
  });
  const id = cloud.addPeering(clusterId, allowed);
  const headers = { authorization: `Bearer ${await issuer.sign()}` };
  const path = `${peeringsPath}/${id}?wait=active&timeoutSeconds=1`;
  assert.equal((await send(`http://127.0.0.1:${port}`, { path, headers })).status, 202);
  child.kill('SIGTERM');
  await exited;
  assert.equal(await stderr, '');
});
