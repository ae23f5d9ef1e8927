// Follows a next step to the letter: a shell runs the very commands, with a stand-in for the AWS CLI on its PATH that does to
// the sandbox what AWS would do. At the end the peering is active, and routes and hosted zone lead to the cluster.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { get } from '../../support/call-peering.ts';
import { clusterId, startTestGateway } from '../../support/gateway.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/**
 * Writes its arguments down, one line for each call, each argument behind a unit separator; knows two route tables; and
 * tells the server behind `AWS_SANDBOX` of an accepted request, which is done when it returns.
 */
const aws = `#!/bin/sh
line=
for argument in "$@"; do line="$line$(printf '\\037')$argument"; done
printf '%s\\n' "$line" >> "$AWS_LOG"
case "$2" in
  accept-vpc-peering-connection) exec "$NODE" -e '
    fetch(process.env.AWS_SANDBOX).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))' ;;
  describe-route-tables) printf 'rtb-0a1\\trtb-0b2\\n' ;;
  create-route|associate-vpc-with-hosted-zone) ;;
  *) exit 252 ;;
esac
`;

test('a caller who follows nextStep to the letter ends with an active peering, routes and name resolution', async (t) => {
  const gateway = await startTestGateway(t, {
    cloud: { pace: { initiatingMs: 0, acceptanceMs: 'never', provisioningMs: 100 } },
  });
  const { json: created } = await gateway.create();
  const { json: pending } = await get(gateway, created.id);
  assert.equal(pending.status, 'pending-acceptance');
  const { nextStep } = pending;

  const accepts = createServer((_request, response) => {
    gateway.cloud.accept(created.id);
    response.end();
  });
  await new Promise<void>((resolve) => accepts.listen(0, '127.0.0.1', resolve));
  t.after(() => accepts.close());
  const folder = temporaryFolder();
  const [stub, log] = [join(folder, 'aws'), join(folder, 'calls')];
  await writeFile(stub, aws);
  await chmod(stub, 0o755);
  const env = {
    PATH: `${folder}:/usr/bin:/bin`,
    NODE: process.execPath,
    AWS_LOG: log,
    AWS_SANDBOX: `http://127.0.0.1:${(accepts.address() as AddressInfo).port}/`,
  };
  for (const { command } of [nextStep, ...nextStep.afterwards])
    await promisify(execFile)('sh', ['-e', '-c', command as string], { env });

  const { status, json } = await get(gateway, created.id, '?wait=active&timeoutSeconds=60');
  assert.deepEqual([status, json.status], [200, 'active']);
  assert.deepEqual(
    [json.nextStep.command, ...json.nextStep.afterwards.map(({ command }) => command)],
    nextStep.afterwards.map(({ command }) => command),
  );
  const { peeringId, privateHostedZoneId, region, vpcId } = json;
  const block = gateway.cloud.clusters.find(({ id }) => id === clusterId)?.cidrBlock ?? '';
  const calls = (await readFile(log, 'utf8')).trimEnd().split('\n');
  const route = (table: string) => [
    ...['ec2', 'create-route', '--region', region, '--route-table-id', table],
    ...['--destination-cidr-block', block, '--vpc-peering-connection-id', peeringId],
  ];
  assert.deepEqual(
    calls.map((line) => line.split('\u001f').slice(1)),
    [
      ['ec2', 'accept-vpc-peering-connection', '--region', region, '--vpc-peering-connection-id', peeringId],
      [
        ...['ec2', 'describe-route-tables', '--region', region, '--filters', `Name=vpc-id,Values=${vpcId}`],
        ...['--query', 'RouteTables[].RouteTableId', '--output', 'text'],
      ],
      route('rtb-0a1'),
      route('rtb-0b2'),
      [
        ...['route53', 'associate-vpc-with-hosted-zone', '--hosted-zone-id', privateHostedZoneId],
        ...['--vpc', `VPCRegion=${region},VPCId=${vpcId}`],
      ],
    ],
  );
});
