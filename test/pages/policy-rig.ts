// The policy page as a person uses it, and a policy in which every kind of rule says something.
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { clusterId, type TestGateway } from '../support/gateway.ts';
import { openPage, type ViewOptions, type Watched } from './browser.ts';

/** `svc-payments` has one grant and one exception; nobody else has any. */
export const payments = `
version: 1
organization: acme <img src=x onerror=alert(1)>
guardrails:
  accounts: ["111122223333", "444455556666"]
  regions: [us-east-1, eu-west-1]
  cidrs: [10.0.0.0/8, 172.16.0.0/12]
  forbiddenCidrs: [10.128.0.0/19, 10.129.0.0/24]
grants:
  - id: payments
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [create, list]
    clusters: ["${clusterId}"]
    accounts: ["111122223333"]
    cidrs: [10.20.0.0/16]
exceptions:
  - id: CHG-4711
    callers: [{ claim: sub, equals: svc-payments }]
    allows: { cidrs: [198.51.100.0/24] }
    expires: 2099-01-31T00:00:00Z
    ticket: <b>CHG-4711</b>
`;

export interface PolicyPage extends Watched {
  /** Puts values into the fields of these names. */
  fill(values: Readonly<Record<string, string | boolean>>): Promise<void>;
  paste(json: string): Promise<void>;
  /** Presses "Check the create" and waits for what the page says to it. */
  check(): Promise<string>;
  /** The same for "What may I do?". */
  showEffective(): Promise<string>;
  /** What stands beside a field; empty when nothing does. */
  note(field: string): Promise<string>;
  details(): Promise<string>;
  /** Complaints without the browser's own lines about the statuses that the test asks for. */
  surprises(): string[];
}

export async function openPolicyPage(
  test: TestContext,
  gateway: Pick<TestGateway, 'url'>,
  options: ViewOptions & { readonly basePath?: string } = {},
): Promise<PolicyPage> {
  const watched = await openPage(test, `${gateway.url}${options.basePath ?? ''}/docs/policy`, options);
  const { page } = watched;
  const press = async (button: string): Promise<string> => {
    await page.getByRole('button', { name: button }).click();
    return await settledVerdict(watched);
  };
  return {
    ...watched,
    async fill(values) {
      for (const [name, value] of Object.entries(values)) {
        if (typeof value === 'boolean') await page.locator(`#${name}`).setChecked(value);
        else await page.locator(`#${name}`).fill(value);
      }
    },
    async paste(json) {
      await page.getByLabel('JSON').check();
      await page.getByLabel('Body').fill(json);
    },
    check: () => press('Check the create'),
    showEffective: () => press('What may I do?'),
    note: async (field) => withoutBareValues(await page.locator(`#note-${field}`).innerText()),
    details: async () => withoutBareValues(await page.locator('#details').innerText()),
    surprises: () =>
      watched.complaints.filter(
        (line) => !/^error: Failed to load resource: the server responded/.test(line),
      ),
  };
}

/** What a script left out must not show as the value that it left out. */
function withoutBareValues(text: string): string {
  assert.doesNotMatch(text, /(?:^|\s)(?:false|null|undefined|NaN|\[object)/);
  return text;
}

/** The verdict once it is one. */
export async function settledVerdict({ page }: Watched): Promise<string> {
  const verdict = page.getByRole('status').filter({ hasNotText: /^(Asking…|Nothing has been asked yet\.)$/ });
  await verdict.waitFor();
  return (await verdict.innerText()).replaceAll(/\s+/g, ' ');
}
