// A gateway in front of the sandbox's fleet, most of it created through that gateway, and the page that shows it.
import { readFile } from 'node:fs/promises';
import type { TestContext } from 'node:test';
import { fillFleet, fleetClusters, fleetPeerings } from '../../sandbox/fleet.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { openPage, type ViewOptions, type Watched } from './browser.ts';

const policyFile = new URL('../../sandbox/fleet-policy.yaml', import.meta.url);
const environment = {
  FLEET_REFRESH_SECONDS: '1',
  RATE_LIMIT_PER_MINUTE: '0',
  RATE_LIMIT_ADDRESS_PER_MINUTE: '0',
};

export const startSmallFleet = async (
  t: TestContext,
  options: TestGatewayOptions = {},
): Promise<TestGateway> => await startTestGateway(t, { environment, ...options });

/** With every peering in the snapshot. */
export async function startFleet(t: TestContext): Promise<TestGateway> {
  const policy = await readFile(policyFile, 'utf8');
  const gateway = await startTestGateway(t, { environment, policy, cloud: { clusters: fleetClusters } });
  const headers = {
    authorization: `Bearer ${await gateway.issuer.sign()}`,
    'content-type': 'application/json',
  };
  await fillFleet(gateway.cloud, async (clusterId, request) => {
    const path = `/database/clusters/${clusterId}/vpc-peerings`;
    const { status, json, text } = await gateway.call({
      method: 'POST',
      path,
      headers,
      body: JSON.stringify(request),
    });
    if (status !== 201) throw new Error(`${JSON.stringify(request)}: ${text}`);
    return json.id;
  });
  await untilListed(gateway, fleetPeerings.length);
  return gateway;
}

/** What is read of the answer to `GET /peerings`. */
interface FleetBody {
  readonly count: number;
  readonly peerings: readonly {
    readonly createdBy?: unknown;
    readonly findings: readonly { readonly code: string }[];
  }[];
}

export async function untilListed(gateway: TestGateway, count: number): Promise<FleetBody> {
  const headers = { authorization: `Bearer ${await gateway.issuer.sign()}` };
  let json!: FleetBody;
  await until(`${count} peerings`, async () => {
    ({ json } = await gateway.call({ path: '/peerings', headers }));
    return json.count === count;
  });
  return json;
}

export interface FleetPage extends Watched {
  /** Shows what a token may see, and gives the verdict. */
  show(token: string): Promise<string>;
}

export async function openFleetPage(
  t: TestContext,
  gateway: Pick<TestGateway, 'url'>,
  options: ViewOptions = {},
): Promise<FleetPage> {
  const watched = await openPage(t, `${gateway.url}/docs/peerings`, options);
  const { page } = watched;
  return {
    ...watched,
    async show(token) {
      await page.locator('#token').fill(token);
      await page.getByRole('button', { name: 'Show the peerings' }).click();
      const verdict = page
        .locator('#verdict')
        .filter({ hasNotText: /^(Asking…|Nothing has been asked yet\.)$/ });
      await verdict.waitFor();
      return await verdict.innerText();
    },
  };
}
