// A steady load on the gateway that uses everything it offers, from callers and addresses that stay inside the limits of the
// default settings. Each answer is one that must come; what a disturbance excuses, it excuses while it lasts.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { sandboxClusters } from '../../sandbox/clusters.ts';
import { createNumber, registeredVpcs, type Site } from './site.ts';
import type { Tolerance } from './tolerance.ts';

const callers = 40;
/** Each has a limit of its own, by default 10 requests a second. */
const addresses = 8;
/** Some turns take three requests; by default a caller may make 60 a minute. */
const pauseMs = 1500;

export interface Answer {
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly replayed: boolean;
  readonly etag: string;
}

interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Without it the caller's own. */
  readonly authorization?: string | undefined;
}

interface Caller {
  readonly subject: string;
  readonly agent: Agent;
  token: string;
  /** Peerings of its own that it has not deleted yet. */
  readonly peerings: { readonly path: string; readonly id: string }[];
}

const peeringsOf = (number: number): string =>
  `/database/clusters/${sandboxClusters[number % sandboxClusters.length]?.id}/vpc-peerings`;

export class Load {
  /** Answers by what was asked and the status. */
  readonly counts = new Map<string, number>();
  /** Answers that must not be. */
  readonly unexpected: string[] = [];
  readonly #site: Site;
  readonly #tolerance: Tolerance;
  readonly #ca: string;
  #creates = 0;
  #turns = 0;
  #stopped = true;
  #working: Promise<unknown> = Promise.resolve();
  #callers: readonly Caller[] = [];

  constructor(site: Site, tolerance: Tolerance) {
    this.#site = site;
    this.#tolerance = tolerance;
    this.#ca = readFileSync(site.caFile, 'utf8');
  }

  get requests(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Goes on until `pause`, with new connections and new tokens. */
  async start(): Promise<void> {
    this.#stopped = false;
    const agents = Array.from({ length: addresses }, (_, index) => this.agent(`127.0.0.${index + 2}`));
    this.#callers = Array.from({ length: callers }, (_, index) => ({
      subject: `svc-${index}`,
      agent: agents[index % addresses] as Agent,
      token: '',
      peerings: this.#callers[index]?.peerings ?? [],
    }));
    await this.renewTokens();
    const greedy = { ...(this.#callers[0] as Caller), agent: this.agent('127.0.0.100') };
    const all = [...this.#callers.map((caller) => this.#repeat(caller)), this.#exceedLimit(greedy)];
    this.#working = Promise.all(all).then(() =>
      Promise.all([...agents, greedy.agent].map((agent) => agent.close())),
    );
  }

  /** Resolves when every answer is there and every connection closed. */
  async pause(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  /** Signed by the keys of now. Every fourth caller comes from the other issuer. */
  async renewTokens(): Promise<void> {
    for (const [index, caller] of this.#callers.entries())
      caller.token = await this.tokenOf(
        caller.subject,
        index % 4 === 3 ? this.#site.other : this.#site.issuer,
      );
  }

  tokenOf(subject: string, issuer = this.#site.issuer): Promise<string> {
    const scope = 'update:database read:database delete:database';
    return issuer.sign({ sub: subject, team: /^svc-\d/.test(subject) ? 'payments' : undefined, scope });
  }

  agent(localAddress: string): Agent {
    return new Agent({ connections: 16, localAddress, connect: { ca: this.#ca } });
  }

  /** One request as it stands, not judged and not counted. */
  async send(agent: Agent, { method = 'GET', path, body, headers, authorization }: Call): Promise<Answer> {
    const answer = await request(`${this.#site.url}${path}`, {
      method,
      dispatcher: agent,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const isJson = /json/.test(String(answer.headers['content-type'])) && text !== '';
    return {
      status: answer.statusCode,
      json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
      replayed: answer.headers['idempotency-replayed'] === 'true',
      etag: String(answer.headers['etag'] ?? ''),
    };
  }

  async #repeat(caller: Caller): Promise<void> {
    const share = Number(caller.subject.slice('svc-'.length)) / callers;
    await delay(share * pauseMs);
    while (!this.#stopped) {
      this.#turns += 1;
      const { [this.#turns % scenes.length]: scene } = scenes;
      try {
        await scene?.(this, caller);
      } catch (error) {
        this.unexpected.push(`no answer: ${(error as Error).message}`);
      }
      await delay(pauseMs);
    }
  }

  /** One caller of the others goes over its limit now and then, and is told so. */
  async #exceedLimit(caller: Caller): Promise<void> {
    const authorization = `Bearer ${await this.tokenOf('svc-greedy')}`;
    while (!this.#stopped) {
      for (let left = 5; left > 0 && !this.#stopped; left -= 1)
        await this.ask(caller, 'too often', [200, 429], { path: '/policy/effective', authorization });
      await delay(pauseMs);
    }
  }

  /** Makes the call and counts its answer, which must have one of these statuses. */
  async ask(
    caller: Caller,
    what: string,
    statuses: readonly number[],
    call: Call,
  ): Promise<Answer | undefined> {
    const began = performance.now();
    const own = 'authorization' in call ? call.authorization : `Bearer ${caller.token}`;
    const answer = await this.send(caller.agent, { ...call, authorization: own });
    const { status, json } = answer;
    const name = `${what}: ${status}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    if (statuses.includes(status)) return answer;
    const code = String(json['code'] ?? 'upstream');
    if (!this.#tolerance.excuses(code, began))
      this.unexpected.push(`${name} ${code} ${JSON.stringify(json).slice(0, 300)}`);
    return undefined;
  }

  async create(caller: Caller, key?: string): Promise<void> {
    // The sandbox forgets the oldest: nobody holds more than it keeps.
    while (caller.peerings.length >= 2) await this.remove(caller);
    this.#creates += 1;
    const [path, body] = [peeringsOf(this.#creates), createNumber(this.#creates)];
    const headers = key === undefined ? {} : { 'idempotency-key': key };
    const call = { method: 'POST', path, body, headers } as const;
    const created = await this.ask(caller, 'create', [201], call);
    const id = created?.json['id'];
    if (typeof id !== 'string') return;
    caller.peerings.push({ path, id });
    if (key === undefined) return;
    const repeated = await this.ask(caller, 'create again with its key', [201], call);
    if (repeated !== undefined && (repeated.json['id'] !== id || !repeated.replayed))
      this.unexpected.push(`a create was carried out twice: ${id} and ${repeated.json['id']}`);
    const other = { ...call, body: { ...body, cidrBlock: '172.31.255.240/28' } };
    await this.ask(caller, 'another create with the key', [422], other);
  }

  refused(caller: Caller, what: string, status: number, change: object, query = ''): Promise<unknown> {
    // Never one that has been created.
    const body = { ...createNumber(registeredVpcs - 1 - (this.#turns % 1000)), ...change };
    const path = `${peeringsOf(this.#turns)}${query}`;
    return this.ask(caller, what, [status], { method: 'POST', path, body });
  }

  /** The oldest peering of the caller's own, if it has one. */
  async remove(caller: Caller): Promise<void> {
    const own = caller.peerings.shift();
    if (own === undefined) await this.create(caller);
    else await this.ask(caller, 'delete', [204], { method: 'DELETE', path: `${own.path}/${own.id}` });
  }

  async withOwn(caller: Caller, act: (path: string) => Promise<unknown>): Promise<void> {
    const [own] = caller.peerings;
    if (own === undefined) await this.create(caller);
    else await act(`${own.path}/${own.id}`);
  }
}

type Scene = (load: Load, caller: Caller) => Promise<unknown>;
const get =
  (what: string, path: string, status = 200, authorization?: string): Scene =>
  (load, caller) =>
    load.ask(caller, what, [status], { path, ...(authorization === undefined ? {} : { authorization }) });
const remove: Scene = (load, caller) => load.remove(caller);
const list = get('list', peeringsOf(0));

/** In turn, whoever is next. */
const scenes: readonly Scene[] = [
  (load, caller) => load.create(caller),
  list,
  (load, caller) => load.create(caller, `key-${caller.subject}-${performance.now()}`),
  (load, caller) => load.refused(caller, 'dry run', 200, {}, '?dryRun=true'),
  remove,
  get('effective policy', '/policy/effective'),
  (load, caller) => load.refused(caller, 'denied create', 403, { region: 'ap-south-1' }),
  (load, caller) =>
    load.withOwn(caller, (path) =>
      load.ask(caller, 'wait until it is active', [200, 202], {
        path: `${path}?wait=active&timeoutSeconds=5`,
      }),
    ),
  get('the fleet', '/peerings'),
  get('a page', '/docs'),
  (load, caller) => load.refused(caller, 'invalid create', 400, { cidrBlock: '10.0.0.1/8' }),
  remove,
  get('clusters', '/database/clusters?limit=1'),
  get('without a token', peeringsOf(0), 401, ''),
  get('the contract', '/openapi.json'),
  list,
  (load, caller) =>
    load.refused(caller, 'denied dry run', 403, { accountId: '444455556666' }, '?dryRun=true'),
  (load, caller) => load.withOwn(caller, (path) => load.ask(caller, 'one peering', [200], { path })),
  get('no route', '/database', 404),
  get('a forged token', peeringsOf(1), 401, 'Bearer eyJhbGciOiJub25lIn0.e30.'),
  (load, caller) => load.refused(caller, 'VPC that is not registered', 403, { vpcId: 'vpc-0fffffff' }),
  (load, caller) =>
    load.ask(caller, 'a method that is none', [405], { method: 'DELETE', path: peeringsOf(0) }),
];
