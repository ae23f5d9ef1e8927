// A change of policy never touches a request that has begun, and never takes effect before it is on record.
import assert from 'node:assert/strict';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AuditSink } from '../../../src/audit/log/trail.ts';
import type { AuditRecord } from '../../support/audit-record.ts';
import {
  allowed,
  guardrailsOnly,
  peeringsPath,
  type Reply,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.ts';
import { until } from '../../support/policy-files.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const elsewhere = guardrailsOnly.replace('us-east-1, ', '');

const event = <T>(emitter: ClientRequest, name: string) =>
  new Promise<T>((resolve, reject) => {
    emitter.once(name, resolve);
    emitter.once('error', reject);
  });

/** A create whose body waits: the gateway has taken the request up when this resolves. */
async function beginCreate(gateway: TestGateway) {
  const body = JSON.stringify(allowed);
  const begun = request(`${gateway.url}${peeringsPath}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await gateway.issuer.sign()}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      expect: '100-continue',
    },
  });
  const answer = event<IncomingMessage>(begun, 'response');
  begun.flushHeaders();
  await Promise.race([event(begun, 'continue'), answer]);
  return { finish: () => void begun.end(body), answer };
}

const versionsIn = (records: readonly AuditRecord[]) =>
  new Set(records.map(({ unmapped }) => unmapped.decision.policyVersion));

test('a request whose body is still coming is decided by the policy that it began under', async (t) => {
  const gateway = await startTestGateway(t);
  const begun = await beginCreate(gateway);
  await writeFile(gateway.policyFile, elsewhere);
  await gateway.reloadPolicy();
  const [loaded] = gateway.policyRecords;
  const refused = await gateway.create();
  assert.equal(refused.status, 403);
  assert.equal(refused.json.context.policyVersion, loaded?.unmapped.policy.new);
  begun.finish();
  const { statusCode } = (await begun.answer).resume();
  assert.equal(statusCode, 201);
  assert.equal(gateway.forwarded().length, 1);
  const own = gateway.records.filter(({ metadata }) => metadata.event_code !== 'peering.create.refused');
  assert.equal(own.length, 2);
  assert.deepEqual(versionsIn(own), new Set([loaded?.unmapped.policy.old]));
});

test('a request that waits for the upstream finishes under the policy that it began under', async (t) => {
  const gateway = await startTestGateway(t);
  const held = new Promise<() => void>((resolve) => {
    gateway.cloud.setFault(({ method }) =>
      method === 'POST' && gateway.forwarded().length > 0
        ? (_request, response) =>
            resolve(() =>
              response
                .writeHead(201, { 'Content-Type': 'application/json' })
                .end(JSON.stringify({ id: 'held', ...allowed })),
            )
        : undefined,
    );
  });
  const reply = gateway.create();
  const release = await held;
  await writeFile(gateway.policyFile, elsewhere);
  await gateway.reloadPolicy();
  const [loaded] = gateway.policyRecords;
  release();
  assert.equal((await reply).status, 201);
  const [intent, outcome] = gateway.records;
  assert.equal(outcome?.metadata.event_code, 'peering.create.outcome');
  assert.deepEqual(versionsIn([intent, outcome] as AuditRecord[]), new Set([loaded?.unmapped.policy.old]));
});

test('a policy whose record cannot be written does not take effect until it can', async (t) => {
  const lines: AuditRecord[] = [];
  let broken = false;
  const sink: AuditSink = {
    write: (line) => {
      const record = JSON.parse(line);
      if (broken && record.metadata.event_code === 'policy.loaded')
        return Promise.reject(new Error('the disk is full'));
      lines.push(record);
      return Promise.resolve();
    },
  };
  const gateway = await startTestGateway(t, { sink });
  broken = true;
  await writeFile(gateway.policyFile, elsewhere);
  const reloaded = gateway.reloadPolicy();
  await until('it is known to be late', () =>
    gateway.logs.some(({ msg, level }) => /takes effect once its record/.test(msg) && level === 'error'),
  );
  // The line is owed to the log, and nothing is decided before it is there.
  assert.equal((await gateway.create()).status, 503);
  assert.deepEqual(gateway.forwarded(), []);
  broken = false;
  await reloaded;
  const reply = await gateway.create();
  assert.equal(reply.status, 403);
  const { policyVersion } = reply.json.context;
  const loaded = lines.findIndex(({ unmapped }) => unmapped.policy?.new === policyVersion);
  const decided = lines.findIndex(({ unmapped }) => unmapped.decision?.policyVersion === policyVersion);
  assert.ok(loaded > 0 && loaded < decided, `${loaded} ${decided}`);
});

test('a policy whose record comes late takes effect with it, also if the file has changed back meanwhile', async (t) => {
  const lines: AuditRecord[] = [];
  let broken = false;
  const sink: AuditSink = {
    write: (line) => {
      if (broken) return Promise.reject(new Error('the disk is full'));
      lines.push(JSON.parse(line));
      return Promise.resolve();
    },
  };
  const gateway = await startTestGateway(t, { sink });
  const before = await readFile(gateway.policyFile);
  const version = lines.find(({ unmapped }) => unmapped.policy)?.unmapped.policy.new;
  broken = true;
  await writeFile(gateway.policyFile, elsewhere);
  const first = gateway.reloadPolicy();
  await until('it is known to be late', () => gateway.logs.some(({ msg }) => /takes effect once/.test(msg)));
  await writeFile(gateway.policyFile, before);
  const second = gateway.reloadPolicy();
  broken = false;
  await Promise.all([first, second]);
  const loaded = lines.flatMap(({ unmapped }) => unmapped.policy ?? []).slice(1);
  assert.deepEqual(
    loaded.map(({ old, new: now }) => [old === version, now === version]),
    [
      [true, false],
      [false, true],
    ],
  );
  assert.equal((await gateway.create()).status, 201);
});

const million = 1_000_000;

/** Disjoint /28s that do not touch, so that none can be merged with another. */
async function writeBlocks(path: string): Promise<void> {
  const file = await open(path, 'w');
  for (let done = 0; done < million; done += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, index) => {
      const first = 0x10000000 + (done + index) * 64;
      return `${first >>> 24}.${(first >>> 16) & 255}.${(first >>> 8) & 255}.${first & 255}/28\n`;
    });
    await file.write(lines.join(''));
  }
  await file.close();
}

test('a list of a million blocks is taken up under load without one request that fails', async (t) => {
  const folder = temporaryFolder();
  const [policyFile, list] = [join(folder, 'policy.yaml'), join(folder, 'blocks.txt')];
  const environment = {
    POLICY_FILE: policyFile,
    RATE_LIMIT_PER_MINUTE: '0',
    RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
    LOG_LEVEL: 'warn',
  };
  await writeFile(policyFile, guardrailsOnly.replace('[10.0.0.0/8, 172.16.0.0/12]', '{ file: blocks.txt }'));
  await writeFile(list, '10.0.0.0/8\n16.0.0.0/28\n');
  const gateway = await startTestGateway(t, { environment });
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const seen: Reply[] = [];
  let loading = true;
  const client = async () => {
    while (loading) {
      seen.push(
        await gateway.call({
          method: 'POST',
          path: `${peeringsPath}?dryRun=true`,
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify({ ...allowed, cidrBlock: '16.0.0.0/28' }),
        }),
      );
    }
  };
  const clients = Array.from({ length: 8 }, client);
  await writeBlocks(`${list}.new`);
  await until('the load has begun', () => seen.length > 20);
  await rename(`${list}.new`, list);
  const [loaded] = await until(
    'the list is in force',
    () => gateway.policyRecords.length > 0 && gateway.policyRecords,
  );
  const before = seen.length;
  await until('it has decided', () => seen.length > before + 20);
  loading = false;
  await Promise.all(clients);
  assert.deepEqual([...new Set(seen.map(({ status }) => status))], [200]);
  const versions = new Set(seen.map(({ json }) => json.policyVersion));
  const change = loaded?.unmapped.policy;
  assert.deepEqual(versions, new Set([change?.old, change?.new]));
  assert.equal((await gateway.create({ ...allowed, cidrBlock: '16.0.0.64/28' })).status, 201);
  assert.equal((await gateway.create({ ...allowed, cidrBlock: '16.0.0.16/28' })).status, 403);
});
