// examples/terraform against a real gateway: the exact requests of the provider, and what it concludes from the answers.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { readText, root } from '../docs/documents.ts';
import { allowed, clusterId, startTestGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import {
  create,
  destroy,
  type ImportSpec,
  importResource,
  type Provider,
  plan,
  readExample,
  refresh,
} from './terraform-provider.ts';

const run = promisify(execFile);
const example = readExample(readText('examples/terraform/main.tf'), clusterId);

/** A gateway, and a provider whose pauses move the sandbox's clock: two seconds after a create AWS has been asked. */
async function rig(t: TestContext) {
  const clock = { now: Date.now() };
  const gateway = await startTestGateway(t, {
    cloud: { now: () => clock.now, pace: { initiatingMs: 3_000, acceptanceMs: 'never', deletingMs: 1_000 } },
  });
  const authorization = `Bearer ${await gateway.issuer.sign({ scope: example.scopes.join(' ') })}`;
  const sent: string[] = [];
  const provider: Provider = {
    async call(options) {
      sent.push(
        `${options.method ?? 'GET'} ${options.path?.replace(example.path, '').replace(/^\/.+/, '/ID')}`,
      );
      return await gateway.call({ ...options, headers: { ...options.headers, authorization } });
    },
    pause(seconds: number) {
      clock.now += seconds * 1_000;
    },
  };
  /** The requests since the last call of this. */
  const requests = () => sent.splice(0);
  return { gateway, provider, requests, cloud: gateway.cloud };
}

const idIn = (state: { readonly id: string }): string => state.id.split('/').at(-1) ?? '';

test('terraform apply creates a peering and reads it until AWS has been asked; then the plan is empty', async (t) => {
  const { provider, requests, cloud, gateway } = await rig(t);
  const state = await create(provider, example);
  assert.deepEqual(requests(), ['POST ', 'GET /ID', 'GET /ID', 'GET /ID']);
  assert.deepEqual(state.body, example.body);
  assert.match(String(state.output['peeringId']), /^pcx-/);
  assert.equal(cloud.peerings(clusterId).length, 1);
  for (const status of ['pending-acceptance', 'provisioning', 'active', 'deleting'] as const) {
    cloud.setStatus(idIn(state), status);
    const read = await refresh(provider, example, state);
    assert.equal(plan(example, read), 'no changes', status);
    assert.deepEqual(read, state, status);
  }
  assert.ok(requests().every((line) => line === 'GET /ID'));
  assert.equal(gateway.forwarded().filter(({ method }) => method !== 'GET').length, 1);
});

test('another value replaces the peering: a delete, then a create that the old peering does not prevent', async (t) => {
  const { provider, requests, cloud } = await rig(t);
  const state = await create(provider, example);
  const wanted = { ...example.body, cidrBlock: '10.20.4.0/23' };
  assert.equal(plan(example, await refresh(provider, example, state), wanted), 'replace');
  requests();
  await destroy(provider, state);
  const next = await create(provider, example, wanted);
  assert.deepEqual(requests(), ['DELETE /ID', 'POST ', 'GET /ID', 'GET /ID', 'GET /ID']);
  assert.notEqual(next.id, state.id);
  assert.equal(plan(example, await refresh(provider, example, next), wanted), 'no changes');
  assert.equal(cloud.peerings(clusterId).length, 2);
});

test('a peering that is no longer of use is planned again, listed or not', async (t) => {
  const { provider, cloud } = await rig(t);
  const state = await create(provider, example);
  for (const status of ['rejected', 'expired', 'failed', 'deleted'] as const) {
    cloud.setStatus(idIn(state), status);
    assert.equal(plan(example, await refresh(provider, example, state)), 'create', status);
  }
  const missing = { ...state, id: state.id.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000') };
  assert.equal(plan(example, await refresh(provider, example, missing)), 'create');
});

test('terraform destroy deletes the peering, and a second one finds it gone', async (t) => {
  const { provider, requests, cloud } = await rig(t);
  const state = await create(provider, example);
  requests();
  await destroy(provider, state);
  provider.pause(2);
  assert.equal(await refresh(provider, example, state), undefined);
  await destroy(provider, state);
  assert.deepEqual(requests(), ['DELETE /ID', 'GET /ID', 'DELETE /ID']);
  assert.equal(cloud.peerings(clusterId).length, 1);
});

test('what import.sh hands to Terraform takes over a peering, and the plan is empty', async (t) => {
  const { provider, requests, cloud } = await rig(t);
  const id = cloud.addPeering(clusterId, allowed, 'active');
  const spec = await specOfImport([clusterId, id]);
  assert.ok(readText('examples/terraform/main.tf').includes(JSON.stringify(spec.read_selector)));
  const state = await importResource(provider, example, spec);
  assert.deepEqual(requests(), ['GET /ID']);
  assert.equal(plan(example, await refresh(provider, example, state)), 'no changes');
});

/** Runs the script with a `terraform` that only keeps its arguments. */
async function specOfImport(
  args: readonly string[],
): Promise<ImportSpec & { readonly read_selector: string }> {
  const folder = temporaryFolder();
  const kept = join(folder, 'arguments');
  await writeFile(join(folder, 'terraform'), `#!/bin/sh\nprintf '%s\\n' "$@" > '${kept}'\n`);
  await chmod(join(folder, 'terraform'), 0o755);
  const env = { PATH: `${folder}:/usr/bin:/bin` };
  await run('/bin/sh', [join(root, 'examples/terraform/import.sh'), ...args], { env });
  const [command, address, ...spec] = (await readFile(kept, 'utf8')).split('\n');
  assert.deepEqual([command, address], ['import', 'restful_resource.peering']);
  return JSON.parse(spec.join('\n'));
}

test('a refused create is an error with the reason, and a repeated one names the peering to import', async (t) => {
  const { provider, cloud } = await rig(t);
  const denied = create(provider, example, { ...example.body, region: 'eu-central-1' });
  await assert.rejects(denied, /Create API returns 403: .*region_not_allowed/);
  assert.equal(cloud.peerings(clusterId).length, 0);
  const state = await create(provider, example);
  await assert.rejects(create(provider, example), ({ message }: Error) => {
    assert.match(message, /^Create API returns 409: .*"code":"vpc-peered-already"/);
    return message.includes(`"id":"${idIn(state)}"`);
  });
});

const withoutTerraform =
  spawnSync('terraform', ['-version']).error !== undefined && 'terraform is not installed';

test('the example is written as terraform fmt writes it', { skip: withoutTerraform }, async () => {
  await run('terraform', ['fmt', '-check', join(root, 'examples/terraform')]);
});
