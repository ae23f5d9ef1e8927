// The requests of magodo/restful 0.25 for one restful_resource, in its order, and what it concludes from each answer
// (internal/provider/resource.go and internal/client/async.go of magodo/terraform-provider-restful). What is configured is
// read from the example, so that the example is what is tested.
import assert from 'node:assert/strict';
import type { CallOptions, Reply } from '../support/gateway.ts';

type Values = Readonly<Record<string, unknown>>;

export interface State {
  /** The path that the resource is read and deleted at. */
  readonly id: string;
  readonly path: string;
  readonly body: Values;
  readonly output: Values;
}

/** What `terraform plan` says. */
export type Plan = 'create' | 'no changes' | 'replace';

export interface Example {
  readonly scopes: readonly string[];
  readonly path: string;
  readonly readPath: string;
  readonly body: Values;
  readonly forceNew: readonly string[];
  readonly outputs: readonly string[];
  readonly poll: {
    readonly success: string;
    readonly pending: readonly string[];
    readonly delaySeconds: number;
  };
  /** A status with this ending means that the resource is gone. */
  readonly goneEnding: string;
}

/** `text`: the example's HCL, of which only the forms that it uses are understood. */
export function readExample(text: string, clusterId: string): Example {
  const value = (pattern: RegExp): string => {
    const found = pattern.exec(text)?.[1];
    assert.ok(found !== undefined, `the example has no ${pattern}`);
    return found;
  };
  const list = (pattern: RegExp): string[] => JSON.parse(`[${value(pattern)}]`);
  const members = [...value(/^ {2}body = \{\n([^}]+)\}/m).matchAll(/(\w+) += (.+)/g)];
  return {
    scopes: list(/scopes += \[(.+)\]/),
    path: value(/^ {2}path +=\s"(.+)"/m).replace(/\$\{var\.cluster_id\}/, clusterId),
    readPath: value(/^ {2}read_path = "(.+)"/m),
    body: Object.fromEntries(members.map(([, name, given]) => [name, JSON.parse(given ?? '')])),
    forceNew: list(/force_new_attrs = \[(.+)\]/),
    outputs: list(/output_attrs = \[(.+)\]/),
    poll: {
      success: value(/status += \{ success = "([\w-]+)"/),
      pending: list(/pending = \[(.+)\]/),
      delaySeconds: Number(value(/default_delay_sec = (\d+)/)),
    },
    // gjson: of an array with the object in it, the first whose status does not match the pattern.
    goneEnding: value(/read_selector = "\[@this\]\.#\(status!%\\"\*(\w+)\\"\)"/),
  };
}

/** Of `terraform import`. */
export interface ImportSpec {
  readonly id: string;
  readonly path: string;
  readonly body: Values;
}

export interface Provider {
  /** The request as the provider sends it. */
  readonly call: (options: CallOptions) => Promise<Reply>;
  /** Told of each delay between two polls. */
  readonly pause: (seconds: number) => void;
}

const isSuccess = ({ status }: Reply): boolean => status >= 200 && status < 300;

/** `terraform apply` of a resource that is not in the state. Rejects with the error that Terraform shows. */
export async function create(provider: Provider, example: Example, body = example.body): Promise<State> {
  const { path, readPath, poll } = example;
  const headers = { 'content-type': 'application/json' };
  const created = await provider.call({ method: 'POST', path, headers, body: JSON.stringify(body) });
  if (!isSuccess(created)) throw new Error(`Create API returns ${created.status}: ${created.text}`);
  const id = readPath.replace('$(path)', path).replace('$(body.id)', encodeURIComponent(created.json.id));
  provider.pause(poll.delaySeconds);
  for (;;) {
    const polled = await provider.call({ path: id });
    if (!isSuccess(polled)) throw new Error(`polling returns ${polled.status}: ${polled.text}`);
    const { status } = polled.json as { readonly status: string };
    if (status === poll.success) break;
    if (!poll.pending.includes(status)) throw new Error(`Unexpected status "${status}"`);
    provider.pause(Number(polled.headers['retry-after'] ?? poll.delaySeconds));
  }
  const read = await refresh(provider, example, { id, path, body, output: {} });
  assert.ok(read !== undefined, 'Terraform: the provider produced an inconsistent result after apply');
  return read;
}

/** What every plan begins with. `undefined`: the resource is gone, and leaves the state. */
export async function refresh(
  provider: Provider,
  example: Example,
  state: State,
): Promise<State | undefined> {
  const reply = await provider.call({ path: state.id });
  if (reply.status === 404) return undefined;
  if (!isSuccess(reply)) throw new Error(`Read API returns ${reply.status}: ${reply.text}`);
  const json = reply.json as unknown as Values & { readonly status: string };
  if (json.status.endsWith(example.goneEnding)) return undefined;
  const pick = (names: readonly string[]): Values =>
    Object.fromEntries(names.filter((name) => json[name] !== undefined).map((name) => [name, json[name]]));
  return { ...state, body: pick(Object.keys(state.body)), output: pick(example.outputs) };
}

/** `wanted`: the body in the configuration. The output is no reason for a change, since nothing configures it. */
export function plan(example: Example, state: State | undefined, wanted = example.body): Plan {
  if (state === undefined) return 'create';
  const names = [...new Set([...Object.keys(state.body), ...Object.keys(wanted)])];
  const changed = names.filter((name) => state.body[name] !== wanted[name]);
  if (changed.length === 0) return 'no changes';
  assert.ok(
    changed.some((name) => example.forceNew.includes(name)),
    'an update, which the gateway does not have',
  );
  return 'replace';
}

/** `terraform destroy`, and the first half of a replacement. */
export async function destroy(provider: Provider, state: State): Promise<void> {
  const reply = await provider.call({ method: 'DELETE', path: state.id });
  if (reply.status !== 404 && !isSuccess(reply))
    throw new Error(`Delete API returns ${reply.status}: ${reply.text}`);
}

/** `terraform import` with the specification that import.sh makes. */
export async function importResource(provider: Provider, example: Example, spec: ImportSpec): Promise<State> {
  const state = await refresh(provider, example, { ...spec, output: {} });
  assert.ok(state !== undefined, 'Terraform: cannot import a non-existent remote object');
  return state;
}
