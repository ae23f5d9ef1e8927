// What happens in the log of docs/audit.md, month by month: who asked for what, when and from where, and how Aerospike Cloud
// took it. The document shows the very answers that this log gives.
import { appendFile, copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { AerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { allowed, clusterId, type Reply } from '../support/gateway.ts';
import type { TestIssuer } from '../support/issuer.ts';
import { until } from '../support/until.ts';
import { type Asked, ask, type ClockedGateway, startClockedGateway, type Time } from './clocked-gateway.ts';

/** What the making of one log has at hand. */
export interface Making {
  readonly issuer: TestIssuer;
  readonly cloud: AerospikeCloud;
  readonly time: Time;
  /** Every token that was presented. */
  readonly tokens: string[];
}

const policy = (mode: string, regions: string): string => `version: 1
organization: acme
mode: ${mode}
guardrails:
  accounts: ["111122223333", "777788889999"]
  regions: [${regions}]
  cidrs: [10.0.0.0/8]
grants:
  - { id: payments, callers: [{ claim: sub, equals: svc-payments }], actions: [create, list] }
  - { id: search, callers: [{ claim: sub, equals: svc-search }], actions: [create, list], accounts: ["111122223333"] }
  - { id: legacy, callers: [{ claim: sub, equals: "svc-legacy-*" }], actions: [create] }
exceptions:
  - id: CHG-4711
    callers: [{ claim: sub, equals: svc-legacy-billing }]
    allows: { cidrs: [198.51.100.0/24] }
    expires: 2027-01-31T00:00:00Z
`;

/** Not deployed yet. */
export const proposedPolicy = policy('enforce', 'us-east-1, eu-west-1').replace(
  '"777788889999"]',
  '"777788889999", "444455556666"]',
);

const stranger = '444455556666';
const payments = { subject: 'svc-payments', from: '192.0.2.10' };
const search = { subject: 'svc-search', from: '192.0.2.20' };
const legacy = { subject: 'svc-legacy-billing', from: '192.0.2.30' };

const create = (network: string, other: Partial<typeof allowed> = {}): typeof allowed => ({
  ...allowed,
  vpcId: `vpc-0${network.replaceAll(/\D/g, '').padStart(16, '0')}`,
  cidrBlock: network,
  ...other,
});

/** Time passes while Aerospike Cloud answers. `creates` and `lists` answer in its place. */
export function answerWith(
  { cloud, time }: Making,
  takesMs: number,
  { creates, lists }: { creates?: RequestListener; lists?: RequestListener } = {},
): void {
  cloud.setFault(({ path, method }) => {
    if (!path.startsWith('/v1/')) return undefined;
    if (method !== 'POST') return lists;
    time.ms += takesMs;
    return creates;
  });
}

/** Aerospike Cloud makes the peering, and its answer is lost. */
const losing =
  ({ cloud }: Making, body: typeof allowed): RequestListener =>
  (request) => {
    cloud.addPeering(clusterId, body);
    request.socket.destroy();
  };

const unwell: RequestListener = (_request, response) =>
  void response.writeHead(503, { 'content-type': 'application/json' }).end('{"message":"unwell"}');

function asking(making: Making, gateway: ClockedGateway) {
  return async (at: string, status: number, asked: Asked): Promise<Reply> => {
    making.time.ms = Date.parse(at);
    const reply = await ask(gateway, making, asked);
    if (reply.status !== status) throw new Error(`${at}: ${reply.status} ${reply.text}`);
    return reply;
  };
}

/** A policy that only reports; the gateway stops in good order. */
export async function september(making: Making, folder: string): Promise<void> {
  making.time.ms = Date.parse('2026-09-28T08:00:00Z');
  const gateway = await startClockedGateway({ ...making, folder, policy: policy('report', 'us-east-1') });
  const at = asking(making, gateway);
  answerWith(making, 180);
  await at('2026-09-28T09:00:00Z', 201, { ...payments, body: create('10.20.0.0/22') });
  await at('2026-09-28T09:30:00Z', 201, { ...search, body: create('10.30.0.0/22', { region: 'eu-west-1' }) });
  await at('2026-09-29T10:00:00Z', 200, { subject: 'svc-dashboard', from: '192.0.2.40' });
  making.time.ms = Date.parse('2026-09-30T21:00:00Z');
  await gateway.stop();
}

/** The policy is enforced, the log is rotated, an answer is lost. Ends in a crash; gives the id of a peering. */
export async function october(making: Making, folder: string, crashed: string): Promise<string> {
  making.time.ms = Date.parse('2026-09-30T22:00:00Z');
  const gateway = await startClockedGateway({ ...making, folder, policy: policy('enforce', 'us-east-1') });
  const at = asking(making, gateway);
  answerWith(making, 240);
  await at('2026-09-30T23:00:00Z', 201, { ...payments, body: create('10.20.4.0/22') });
  await rotate(gateway, folder);
  const made = await at('2026-10-02T09:00:00Z', 201, {
    ...payments,
    tokenId: 'b7c1-77aa',
    body: create('10.20.8.0/22'),
  });
  await at('2026-10-02T09:05:00Z', 403, {
    ...payments,
    tokenId: 'b7c1-77aa',
    body: create('10.20.12.0/22', { accountId: stranger }),
  });
  await at('2026-10-02T09:06:00Z', 200, { ...payments, tokenId: 'b7c1-77aa', from: '203.0.113.99' });
  await at('2026-10-05T14:00:00Z', 201, { ...legacy, body: create('198.51.100.0/24') });
  const abroad = { accountId: stranger, region: 'eu-west-1' };
  await at('2026-10-06T11:00:00Z', 403, { ...search, body: create('10.30.4.0/22', abroad) });
  await at('2026-10-06T11:30:00Z', 403, { ...search, dryRun: true, body: create('10.30.4.0/22', abroad) });
  await at('2026-10-07T08:00:00Z', 200, { ...search, dryRun: true, body: create('10.30.8.0/22') });
  await at('2026-10-08T10:00:00Z', 401, { ...search, from: '203.0.113.99', token: 'a.forged.token' });
  making.time.ms = Date.parse('2026-10-09T07:00:00Z');
  await writeFile(gateway.policyFile, 'version: 1\norganization: acme\n');
  await gateway.reload();
  making.time.ms = Date.parse('2026-10-09T07:30:00Z');
  await writeFile(gateway.policyFile, policy('enforce', 'us-east-1, eu-west-1'));
  await gateway.reload();
  const lost = create('10.20.16.0/22');
  answerWith(making, 900, { creates: losing(making, lost) });
  await at('2026-10-12T16:00:00Z', 502, { ...payments, body: lost });
  await untilLogged(folder, 'peering.create.reconciled', 1);
  await crash(making, { gateway, folder, crashed });
  return made.json.id;
}

/** As logrotate does it, with `dateext` and `compress`. */
async function rotate(gateway: ClockedGateway, folder: string): Promise<void> {
  const rotated = join(folder, 'audit.log-20261001');
  await rename(join(folder, 'audit.log'), rotated);
  await gateway.reopenAudit();
  await writeFile(`${rotated}.gz`, gzipSync(await readFile(rotated)));
  await rm(rotated);
}

/** Power fails while one create is on its way, and one has lost its answer. What the disk has then is what `crashed` holds. */
async function crash(
  making: Making,
  { gateway, folder, crashed }: { gateway: ClockedGateway; folder: string; crashed: string },
): Promise<void> {
  const at = asking(making, gateway);
  const lost = create('10.20.20.0/22');
  answerWith(making, 900, { creates: losing(making, lost), lists: unwell });
  await at('2026-10-20T02:00:00Z', 502, { ...payments, body: lost });
  let hangUp: (() => void) | undefined;
  const hold: RequestListener = ({ socket }) => {
    hangUp = () => socket.destroy();
  };
  answerWith(making, 0, { creates: hold, lists: unwell });
  const onItsWay = at('2026-10-20T02:00:05Z', 502, { ...search, body: create('10.30.12.0/22') });
  await until('the create is on its way', () => hangUp !== undefined);
  for (const name of ['audit.log-20261001.gz', 'audit.log', 'audit-signing.jwk'])
    await copyFile(join(folder, name), join(crashed, name));
  await appendFile(join(crashed, 'audit.log'), '{"category_uid":6,"category_name":"Appl');
  hangUp?.();
  await onItsWay;
  await gateway.stop();
}

/** The start after the crash, and an answer that is lost while nobody can look. */
export async function november(making: Making, folder: string): Promise<void> {
  making.time.ms = Date.parse('2026-11-02T06:00:00Z');
  const widened = policy('enforce', 'us-east-1, eu-west-1');
  answerWith(making, 210);
  const gateway = await startClockedGateway({ ...making, folder, policy: widened });
  const at = asking(making, gateway);
  await untilLogged(folder, 'peering.create.reconciled', 3);
  await at('2026-11-03T09:15:00Z', 403, {
    ...payments,
    body: create('10.20.24.0/22', { accountId: stranger }),
  });
  await at('2026-11-03T09:20:00Z', 201, {
    ...search,
    body: create('10.30.16.0/22', { region: 'eu-west-1' }),
  });
  const lost = create('10.20.28.0/22');
  answerWith(making, 900, { creates: losing(making, lost), lists: unwell });
  await at('2026-11-04T18:00:00Z', 502, { ...payments, body: lost });
  making.time.ms = Date.parse('2026-11-04T19:00:00Z');
  await gateway.stop();
}

const untilLogged = (folder: string, event: string, times: number): Promise<void> =>
  until(`${event} is in the log`, async () => {
    const text = await readFile(join(folder, 'audit.log'), 'utf8');
    return text.split(`"event_code":"${event}"`).length > times;
  });
