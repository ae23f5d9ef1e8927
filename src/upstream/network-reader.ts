// Reads a cluster's block and peerings with the gateway's own credential. All errors say that the caller's own request was not
// sent.
import { GatewayError } from '../errors.ts';
import { type Ipv4Network, networkIn } from '../net/ipv4.ts';
import { memberOf } from '../net/json.ts';
import type { UpstreamReader } from './client.ts';
import { type ListedPeering, readPeerings } from './peerings.ts';
import { retryAfterHeader } from './read-answer.ts';
import type { UpstreamList } from './read-list.ts';
import { UpstreamRefused } from './upstream-refused.ts';

/** Bound on the cached blocks. The block of a cluster never changes. */
const maxClusters = 10_000;

export class NetworkReader {
  readonly #upstream: UpstreamReader;
  readonly #blocks = new Map<string, Ipv4Network>();

  constructor(upstream: UpstreamReader) {
    this.#upstream = upstream;
  }

  /**
   * All peerings of a cluster; `isExact` if one of them is answered. Rejects with `UpstreamRefused`, or with a 502, 503 or 504
   * with `sent: no`.
   */
  async peerings(
    clusterId: string,
    requestId: string,
    isExact = false,
  ): Promise<UpstreamList<ListedPeering>> {
    return await readPeerings(this.#upstream, clusterId, requestId, isExact).catch(notSent);
  }

  /** The cluster's own network. Rejects likewise. */
  async clusterBlock(clusterId: string, requestId: string): Promise<Ipv4Network> {
    const known = this.#blocks.get(clusterId);
    if (known !== undefined) return known;
    const path = `/database/clusters/${clusterId}`;
    const answer = await this.#upstream.read({ path, requestId }).catch(notSent);
    if (answer.status >= 400 && answer.status < 500) throw new UpstreamRefused(answer);
    const listed = memberOf(memberOf(answer.json, 'infrastructure'), 'cidrBlock');
    const block = networkIn(answer.status === 200 ? listed : undefined);
    if (block === undefined)
      throw preflightFailed(answer.status, 'the cluster has no valid block', retryAfterHeader(answer));
    if (this.#blocks.size >= maxClusters) this.#blocks.clear();
    this.#blocks.set(clusterId, block);
    return block;
  }
}

/** For an unusable answer of the upstream. `reason` is for the log. */
export const preflightFailed = (
  receivedStatus: number | undefined,
  reason: string,
  headers: Record<string, string> = {},
): GatewayError =>
  new GatewayError('preflight-failed', {
    context: { sent: 'no' },
    headers,
    ...(receivedStatus === undefined ? {} : { proxyError: 'http_protocol_error', receivedStatus }),
    cause: new Error(reason),
  });

/** Whatever happened to the read, the caller's request was not sent. */
function notSent(error: unknown): never {
  if (!(error instanceof GatewayError)) throw error;
  const { code, headers, proxyError, receivedStatus } = error;
  const unable = code === 'upstream-broken' || code === 'upstream-unreachable';
  throw new GatewayError(unable ? 'preflight-failed' : code, {
    ...(code === 'upstream-timeout' ? { detail: `${error.rule.detail} The request was not sent.` } : {}),
    headers: { ...headers },
    context: { ...error.context, sent: 'no' },
    proxyError,
    ...(receivedStatus === undefined ? {} : { receivedStatus }),
    cause: error,
  });
}
