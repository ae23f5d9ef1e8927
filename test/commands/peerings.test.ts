// `peerings` as a person calls it, against a real cloud: the table, the JSON, the exit status.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startAerospikeCloud } from '../../sandbox/aerospike-cloud.ts';
import { allowed, allowedNumber, clusterId, guardrailsOnly, startTestGateway } from '../support/gateway.ts';
import { settingsBetween } from '../support/settings.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { run } from './run-main.ts';

async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

test('peerings shows each peering with its creator and its findings, and ends with 1 when there are any', async (t) => {
  const folder = await folderWith({ 'policy.yaml': guardrailsOnly });
  const log = join(folder, 'audit.log');
  const gateway = await startTestGateway(t, { environment: { AUDIT_FILE: log } });
  const { json } = await gateway.create();
  const { issuer, cloud } = gateway;
  // Not pending: that nobody has accepted it would be a finding.
  cloud.setStatus(json.id, 'active');
  const settings = settingsBetween({ issuer, cloud }, join(folder, 'policy.yaml'));
  const good = await run(['peerings', log], settings);
  assert.equal(good.status, 0, good.err);
  assert.match(good.out, new RegExp(`orders +${json.id} .* ${allowed.cidrBlock} +svc-payments\n`));
  const id = cloud.addPeering(clusterId, { ...allowed, region: 'us-west-2' }, 'active');
  const bad = await run(['peerings', '--json', log], settings);
  assert.equal(bad.status, 1);
  const fleet = JSON.parse(bad.out);
  assert.equal(fleet.count, 2);
  const codes = (of: string) =>
    fleet.peerings
      .find((peering: { id: string }) => peering.id === of)
      .findings.map(({ code }: { code: string }) => code);
  assert.deepEqual(codes(id), ['not_allowed_now', 'block_overlap', 'creator_unknown']);
  assert.ok(!bad.out.includes(cloud.clientSecret));
});

test('without a log no creator is missed, and a cloud that cannot be read is 1 with the reason', async () => {
  const folder = await folderWith({ 'policy.yaml': guardrailsOnly });
  const cloud = await startAerospikeCloud();
  cloud.addPeering(clusterId, allowed, 'active');
  const settings = settingsBetween(
    { issuer: { url: 'https://idp.example' }, cloud },
    join(folder, 'policy.yaml'),
  );
  assert.equal((await run(['peerings'], settings)).status, 0);
  await cloud.close();
  const { status, err } = await run(['peerings'], settings);
  assert.equal(status, 1);
  assert.match(err, /^The fleet cannot be shown: /);
});

test('an altered record, or one without a place in a chain, names nobody, and is counted', async (t) => {
  const folder = await folderWith({ 'policy.yaml': guardrailsOnly });
  const log = join(folder, 'audit.log');
  const gateway = await startTestGateway(t, { environment: { AUDIT_FILE: log } });
  const [one, two] = [await gateway.create(), await gateway.create(allowedNumber(1))];
  const { issuer, cloud } = gateway;
  const settings = settingsBetween({ issuer, cloud }, join(folder, 'policy.yaml'));
  const creatorsIn = async (change: (line: string) => string) => {
    const lines = (await readFile(log, 'utf8')).split('\n');
    await writeFile(
      `${log}.copy`,
      lines.map((line) => (line.includes(one.json.id) ? change(line) : line)).join('\n'),
    );
    const { out, err } = await run(['peerings', '--json', `${log}.copy`], settings);
    const { peerings } = JSON.parse(out) as { peerings: { id: string; createdBy?: { subject: string } }[] };
    const subjectOf = (id: string) => peerings.find((peering) => peering.id === id)?.createdBy?.subject;
    return [subjectOf(one.json.id), subjectOf(two.json.id), err];
  };
  const leftOut = '1 record is not as a gateway wrote it, and left out. Run `audit verify`.\n';
  assert.deepEqual(await creatorsIn((line) => line), ['svc-payments', 'svc-payments', '']);
  const renamed = (line: string) => line.replaceAll('"svc-payments"', '"svc-innocent"');
  const withoutPlace = (line: string) => line.replace(/"attestation_list":\[.*?\}\],/, '');
  assert.notEqual(withoutPlace('"attestation_list":[{"a":{}}],'), '"attestation_list":[{"a":{}}],');
  for (const change of [renamed, withoutPlace])
    assert.deepEqual(await creatorsIn(change), [undefined, 'svc-payments', leftOut]);
});

test('a record whose time no date can have names nobody, and peerings goes on', async () => {
  const cloud = await startAerospikeCloud();
  const id = cloud.addPeering(clusterId, allowed, 'active');
  const record = {
    ...{ class_uid: 6003, start_time: 8_640_000_000_000_001, status_id: 1, attestation_list: [] },
    metadata: { event_code: 'peering.create.outcome', product: { name: 'peergate' } },
    actor: { user: { uid: 'svc-payments' }, idp: { name: 'https://idp.example' } },
    ...{ api: { request: { uid: 'r' } }, unmapped: { upstream: { resourceId: id } } },
  };
  const folder = await folderWith({
    ...{ 'policy.yaml': guardrailsOnly, 'audit.log': `${JSON.stringify(record)}\n` },
  });
  const issuer = { url: 'https://idp.example' };
  const settings = settingsBetween({ issuer, cloud }, join(folder, 'policy.yaml'));
  const { out, err } = await run(['peerings', '--json', join(folder, 'audit.log')], settings);
  await cloud.close();
  const [peering] = JSON.parse(out || '{"peerings":[]}').peerings;
  assert.equal(peering?.createdBy, undefined, err);
  assert.equal(peering?.id, id, err);
});
