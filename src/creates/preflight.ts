// Looks at the cluster and its peerings just before a create, and refuses what AWS would refuse or what is there already. It
// may only refuse: what the policy denied never comes here.
import { GatewayError, invalidField } from '../errors.ts';
import {
  formatIpv4Network,
  type Ipv4Network,
  isIpv4Fault,
  networkOf,
  parseIpv4Network,
} from '../net/ipv4.ts';
import type { PeeringRequest } from '../policy/decision.ts';
import type { UpstreamClient } from '../upstream/client.ts';
import { isLive, type ListedPeering, readPeerings } from '../upstream/peerings.ts';
import { retryAfterHeader, type UpstreamAnswer } from '../upstream/read-answer.ts';

/** The upstream's own 4xx to the look: there is no such cluster, or it may not be seen. */
export interface RefusedLook {
  readonly refused: UpstreamAnswer;
}

export type Look =
  | { readonly peerings: readonly ListedPeering[]; readonly refused?: undefined }
  | RefusedLook;

/** Blocks that are remembered: a cluster's never changes. */
const mostClusters = 10_000;
/** So many things in the way are named at most. */
const mostNamed = 20;

export class Preflight {
  readonly #upstream: UpstreamClient;
  readonly #blocks = new Map<string, Ipv4Network>();

  constructor(upstream: UpstreamClient) {
    this.#upstream = upstream;
  }

  /**
   * Throws `vpc-peered-already` or `cidr-overlap` when something is in the way; a 502, 503 or 504 with `sent: no` when the
   * upstream cannot say.
   */
  async check(wanted: PeeringRequest, requestId: string): Promise<Look> {
    const block = await this.#blockOf(wanted.clusterId, requestId);
    if ('refused' in block) return block;
    const look = await this.look(wanted.clusterId, requestId);
    if (look.refused !== undefined) return look;
    refuseWhatIsInTheWay(wanted, block, look.peerings.filter(isLive));
    return look;
  }

  /** The cluster's own network; `undefined` when it may not be seen. Rejects as `check` does. */
  async clusterBlock(clusterId: string, requestId: string): Promise<string | undefined> {
    const block = await this.#blockOf(clusterId, requestId);
    return 'refused' in block ? undefined : formatIpv4Network(block);
  }

  /** All peerings of the cluster. */
  async look(clusterId: string, requestId: string): Promise<Look> {
    const list = await readPeerings(this.#upstream, clusterId, requestId).catch(notSent);
    return list.answer === undefined ? { peerings: list.peerings } : { refused: list.answer };
  }

  async #blockOf(clusterId: string, requestId: string): Promise<Ipv4Network | RefusedLook> {
    const known = this.#blocks.get(clusterId);
    if (known !== undefined) return known;
    const path = `/database/clusters/${clusterId}`;
    const answer = await this.#upstream.read({ method: 'GET', path, requestId }).catch(notSent);
    if (answer.status >= 400 && answer.status < 500) return { refused: answer };
    const { infrastructure } = (answer.json ?? {}) as { infrastructure?: { cidrBlock?: unknown } | null };
    const network = networkIn(answer.status === 200 ? infrastructure?.cidrBlock : undefined);
    if (network === undefined)
      throw impossible(answer.status, 'the cluster has no block that can be read', retryAfterHeader(answer));
    if (this.#blocks.size >= mostClusters) this.#blocks.clear();
    this.#blocks.set(clusterId, network);
    return network;
  }
}

function refuseWhatIsInTheWay(
  wanted: PeeringRequest,
  clusterBlock: Ipv4Network,
  live: readonly ListedPeering[],
): void {
  const same = live.find(({ vpcId }) => vpcId === wanted.vpcId);
  if (same !== undefined) {
    throw new GatewayError('vpc-peered-already', {
      detail: `${wanted.vpcId} is already peered with the cluster (status ${same.status ?? 'unknown'}).`,
      context: { resource: 'vpc-peering', id: same.id },
    });
  }
  const block = networkIn(wanted.cidrBlock);
  if (block === undefined) throw new Error('a create whose block is no network');
  const inTheWay = live.filter(({ id, cidrBlock }) => {
    if (cidrBlock === undefined) throw impossible(200, `the list names no block for peering ${id}`);
    const other = listedNetwork(cidrBlock);
    return other !== undefined && overlap(block, other);
  });
  const descriptions = [
    ...(overlap(block, clusterBlock) ? [`overlaps ${formatIpv4Network(clusterBlock)} of the cluster`] : []),
    ...inTheWay.map(({ id, vpcId, cidrBlock }) => `overlaps ${cidrBlock} of peering ${id} (${vpcId})`),
  ];
  if (descriptions.length === 0) return;
  const invalid = descriptions.slice(0, mostNamed).map((text) => invalidField('/cidrBlock', text));
  throw new GatewayError('cidr-overlap', { context: { invalid } });
}

function networkIn(text: unknown): Ipv4Network | undefined {
  const network = typeof text === 'string' ? parseIpv4Network(text) : { fault: '' };
  return isIpv4Fault(network) ? undefined : network;
}

/**
 * The vendor's pattern only counts digits, so a listed block may have host bits set, which AWS ignores, or be no network at
 * all, which AWS can peer with nothing: then `undefined`.
 */
function listedNetwork(text: string): Ipv4Network | undefined {
  const numbers = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)?.slice(1).map(Number);
  if (numbers === undefined) throw impossible(200, 'the list names a block of an unknown form');
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = numbers;
  if ([a, b, c, d].some((octet) => octet > 255) || prefix > 32) return undefined;
  return networkOf(((a * 256 + b) * 256 + c) * 256 + d, prefix);
}

const overlap = (one: Ipv4Network, other: Ipv4Network): boolean =>
  one.first <= other.last && other.first <= one.last;

const impossible = (
  receivedStatus: number,
  reason: string,
  headers: Record<string, string> = {},
): GatewayError =>
  new GatewayError('preflight-impossible', {
    context: { sent: 'no' },
    headers,
    proxyError: 'http_protocol_error',
    receivedStatus,
    cause: new Error(reason),
  });

/** Whatever became of the look: the create was not sent. */
function notSent(error: unknown): never {
  if (!(error instanceof GatewayError)) throw error;
  const { code, headers, proxyError, receivedStatus } = error;
  const unable = code === 'upstream-broken' || code === 'upstream-unreachable';
  throw new GatewayError(unable ? 'preflight-impossible' : code, {
    ...(code === 'upstream-timeout' ? { detail: `${error.rule.detail} The request was not sent.` } : {}),
    headers: { ...headers },
    context: { ...error.context, sent: 'no' },
    proxyError,
    ...(receivedStatus === undefined ? {} : { receivedStatus }),
    cause: error,
  });
}
