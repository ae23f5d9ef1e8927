// Decides once more, simply and without a line of the gateway's own, what may become of a request: which statuses it can be
// answered with, and which create or delete it may cause upstream, if any.
import { canary } from './case.ts';
import { readCreate } from './create-body.ts';
import { type Message, maxCertain, valuesOf } from './messages.ts';
import type { GoodToken } from './mint.ts';
import { knownCluster, knownPeerings } from './peerings.ts';
import { mayCreate, mayDelete, mayDeleteThis, mayList, scopesOf } from './policy-oracle.ts';
import type { Json } from './tokens.ts';

export interface Verdict {
  readonly method: string;
  /** What an answer may say; `undefined`: the interface leaves it open, below 500. */
  readonly statuses: readonly number[] | undefined;
  /** What may go upstream, once. */
  readonly permit?: Permit | undefined;
}

export interface Permit {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
  /** Empty for a delete. */
  readonly body: string;
}

export type FindToken = (text: string) => GoodToken | undefined;

const clusters = new Set(['6f0f7c5e-4d7e-4a51-9a2e-0c6f1f0a7b11', 'b27d1f60-93c8-4f0e-8a55-7d1c2e9f4a22']);
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function judge(message: Message, findToken: FindToken): Verdict {
  const { method, headSize, decorated } = message;
  const verdict = judgeMessage(message, findToken);
  // Near the limit for header sections 431 is as right as an answer, and so is 413 or 431 for much beside the body.
  // Which other targets than those in origin form are well-formed is not for here.
  const unsure = headSize > maxCertain || decorated || !message.target.startsWith('/');
  return { ...verdict, method, ...(unsure ? { statuses: undefined } : {}) };
}

type Answer = Omit<Verdict, 'method'>;
const refused = (...statuses: number[]): Answer => ({ statuses });

function judgeMessage(message: Message, findToken: FindToken): Answer {
  const { method, version } = message;
  if (method === 'CONNECT') return refused(404);
  const hosts = valuesOf(message, 'host');
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') return refused(400, 505);
  if (hosts.length > 1 || (hosts.length === 0 && version === 'HTTP/1.1')) return refused(400);
  if (hosts.some((host) => !/^([\w.~!$&'()*+,;=%-]*|\[[\da-f:]+\])(:\d*)?$/i.test(host))) return refused(400);
  const [path, query] = parseTarget(message.target);
  if (path === '/openapi.json') return refused(...(method === 'GET' || method === 'HEAD' ? [200] : [405]));
  const route = /^\/database\/clusters\/([^/]+)\/vpc-peerings(?:\/([^/]+))?$/.exec(path);
  const [, segment, peering] = route ?? [];
  const cluster = segment?.toLowerCase();
  if (cluster === undefined && path !== '/policy/effective')
    // Other routes of the interface, which nothing is forwarded from.
    return /^\/(?:docs|peerings$|database\/clusters(?:\/[^/]+)?$)/.test(path)
      ? { statuses: undefined }
      : refused(404);
  if (!methodsOf(cluster, peering).includes(method)) return refused(405);
  return judgeCaller(message, findToken, ({ claims }) => {
    const given = [...new URLSearchParams(query)];
    if (cluster === undefined) return refused(...(given.length > 0 ? [400] : [200, 304]));
    const asked = { cluster, given, claims };
    if (peering !== undefined)
      return method === 'DELETE' ? judgeDelete(asked, peering) : judgeGet(asked, peering);
    return method === 'POST' ? judgeCreate(message, asked) : judgeList(asked);
  });
}

function methodsOf(cluster: string | undefined, peering: string | undefined): readonly string[] {
  if (cluster === undefined) return ['GET', 'HEAD'];
  return peering === undefined ? ['GET', 'POST'] : ['GET', 'DELETE'];
}

function judgeCaller(
  message: Message,
  findToken: FindToken,
  judgeRest: (token: GoodToken) => Answer,
): Answer {
  const credentials = valuesOf(message, 'authorization');
  if (credentials.length > 1) return refused(400);
  const token = findToken(/^bearer +(\S+)$/i.exec(credentials[0] ?? '')?.[1] ?? canary);
  if (token === undefined) return refused(401);
  const answer = judgeRest(token);
  return token.certain ? answer : { ...answer, statuses: [...(answer.statuses ?? []), 401] };
}

interface Asked {
  readonly cluster: string;
  readonly given: readonly (readonly [string, string])[];
  readonly claims: Json;
}

function judgeList({ cluster, given, claims }: Asked): Answer {
  if (!scopesOf(claims).has('read:database')) return refused(403);
  if (!uuid.test(cluster) || !isPage(given)) return refused(400);
  if (!mayList(claims)) return refused(403);
  return refused(clusters.has(cluster) || cluster === knownCluster ? 200 : 404);
}

/** Of the peerings of other clusters nobody can guess the id. */
const find = (cluster: string, peering: string) =>
  cluster === knownCluster ? knownPeerings.find(({ id }) => id === peering) : undefined;

function judgeGet({ cluster, given, claims }: Asked, peering: string): Answer {
  if (!scopesOf(claims).has('read:database')) return refused(403);
  if (!uuid.test(cluster) || !uuid.test(peering) || !isWait(given)) return refused(400);
  if (!mayList(claims)) return refused(403);
  return refused(find(cluster, peering) === undefined ? 404 : 200);
}

function judgeDelete({ cluster, given, claims }: Asked, peering: string): Answer {
  if (!scopesOf(claims).has('delete:database')) return refused(403);
  if (!uuid.test(cluster) || !uuid.test(peering) || given.length > 0) return refused(400);
  if (!mayDelete(claims)) return refused(403);
  const known = find(cluster, peering);
  if (known === undefined) return refused(404);
  if (!mayDeleteThis(claims, known)) return refused(403);
  const path = `/v1/database/clusters/${cluster}/vpc-peerings/${peering}`;
  return { statuses: [204], permit: { method: 'DELETE', path, body: '' } };
}

function judgeCreate(message: Message, { cluster, given, claims }: Asked): Answer {
  if (!scopesOf(claims).has('update:database')) return refused(403);
  if (!isJson(message)) return refused(415);
  if (message.body.length > 16_384) return refused(413);
  const dryRun = given.length === 1 && given[0]?.[0] === 'dryRun' ? given[0][1] : undefined;
  const goodQuery = given.length === 0 || dryRun === 'true' || dryRun === 'false';
  const body = readCreate(message.body);
  if (!uuid.test(cluster) || !goodQuery || body === undefined) return refused(400);
  const keys = valuesOf(message, 'idempotency-key');
  if (dryRun !== 'true' && !isGoodKey(keys)) return refused(400);
  if (!mayCreate(claims, body)) return refused(403);
  if (dryRun === 'true') return refused(200);
  if (!clusters.has(cluster)) return refused(404);
  return {
    statuses: keys.length > 0 ? [201, 409, 422] : [201, 409],
    permit: {
      method: 'POST',
      path: `/v1/database/clusters/${cluster}/vpc-peerings`,
      body: JSON.stringify(body.values),
    },
  };
}

/** RFC 9112 section 3.2.2, and a `#` that stays what it is. */
function parseTarget(target: string): [path: string, query: string] {
  const local = target.replace(/^https?:\/\/[^/?#]*/i, '').replaceAll('#', '%23');
  const rooted = local.startsWith('/') ? local : `/${local}`;
  const [path = '', ...rest] = rooted.split('?');
  return [path, rest.join('?')];
}

function isPage(given: readonly (readonly [string, string])[]): boolean {
  if (new Set(given.map(([name]) => name)).size < given.length) return false;
  return given.every(([name, value]) => {
    if (!/^(0|[1-9][0-9]{0,15})$/.test(value)) return false;
    const number = Number(value);
    if (name === 'limit') return number >= 1 && number <= 100;
    return name === 'offset' && number <= Number.MAX_SAFE_INTEGER;
  });
}

function isWait(given: readonly (readonly [string, string])[]): boolean {
  const names = given.map(([name]) => name);
  if (new Set(names).size < given.length) return false;
  if (names.includes('timeoutSeconds') && !names.includes('wait')) return false;
  return given.every(([name, value]) => {
    if (name === 'wait') return value === 'active';
    return name === 'timeoutSeconds' && /^[1-9][0-9]*$/.test(value) && Number(value) <= 300;
  });
}

function isJson(message: Message): boolean {
  const codings = valuesOf(message, 'content-encoding');
  if (codings.length > 0 && codings.join(', ').toLowerCase() !== 'identity') return false;
  const types = valuesOf(message, 'content-type');
  if (types.length !== 1) return false;
  const [type, ...rest] = (types[0] ?? '')
    .split(';')
    .map((part) => part.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase());
  const isUtf8 = (parameter: string) => /^(charset[ \t]*=[ \t]*("utf-8"|utf-8))?$/.test(parameter);
  return type === 'application/json' && rest.every(isUtf8);
}

const isGoodKey = (keys: readonly string[]): boolean =>
  keys.length === 0 || (keys.length === 1 && /^[!-~]{1,255}$/.test(keys[0] ?? ''));
