// The card of one cluster: what is found in it in words, and the map of its address space.
import { overlaps, readBlock } from './address-blocks.js';
import { drawAddressMap } from './address-map.js';
import { make } from './draw-answer.js';
import { findingWords, hasFinding, nameOf, plural } from './peering-table.js';

const notLive = ['rejected', 'expired', 'failed', 'deleting', 'deleted'];
const waiting = ['pending-acceptance', 'initiating-request', 'provisioning'];

/**
 * The card of one cluster. `peerings`: its own; `clusters`: those of all clusters by id; `unread`: ids of clusters that could
 * not be read; `shown`: the set of peerings that the filter leaves; `open` shows more about one of them.
 */
export function drawCluster(peerings, { clusters, unread, rules, shown, open }) {
  const [{ clusterId, clusterCidrBlock }] = peerings;
  const own = readBlock(clusterCidrBlock);
  const blocks = [
    ...(own === undefined ? [] : [clusterBlock(own, clusterCidrBlock)]),
    ...peerings.filter(({ block }) => block !== undefined).map((peering) => blockOf(peering, shown)),
  ].sort((one, other) => one.first - other.first || other.last - one.last);
  const title = make('h3', '', nameOf(peerings[0]));
  title.id = `cluster-${clusterId}`;
  const card = make(
    'section',
    'card cluster',
    title,
    make(
      'p',
      'hint',
      make('code', '', String(clusterCidrBlock ?? 'block unknown')),
      ` · ${summaryOf(peerings)}`,
    ),
    unread.has(String(clusterId))
      ? make('p', 'hint', 'Could not be read now: as of an earlier time.')
      : undefined,
    ...sharingOf(peerings[0], own, clusters),
    drawAddressMap(blocks, rules, open),
  );
  card.setAttribute('aria-labelledby', title.id);
  return card;
}

const clusterBlock = (own, words) => ({
  ...own,
  label: `${words}, the cluster itself`,
  tone: 'own',
  state: 'live',
  isLive: true,
});

function blockOf(peering, shown) {
  const { block, cidrBlock, status, vpcId, accountId, region, findings, row } = peering;
  const found = findings.map(({ code }) => findingWords[code] ?? String(code)).join(', ');
  const isLive = !notLive.includes(status);
  const parts = [cidrBlock, status, vpcId, accountId, region].map((part) => String(part ?? 'unknown'));
  return {
    ...block,
    label: `${parts.join(', ')}${found === '' ? '' : `: ${found}`}`,
    tone: `${toneOf(findings)}${shown.has(peering) ? '' : ' dimmed'}`,
    state: stateOf(status),
    isLive,
    ...(shown.has(peering) && { row }),
  };
}

function stateOf(status) {
  if (notLive.includes(status)) return 'dead';
  return waiting.includes(status) ? 'waits' : 'live';
}

function toneOf(findings) {
  const has = (...names) => findings.some(({ code }) => names.includes(code));
  if (has('block_overlap', 'cluster_block_shared')) return 'bad';
  return has('not_allowed_now') ? 'warn' : 'plain';
}

function summaryOf(peerings) {
  const counts = ['block_overlap', 'cluster_block_shared', 'not_allowed_now', 'acceptance_due', 'quota_near']
    .map((name) => [findingWords[name], peerings.filter((one) => hasFinding(one, name)).length])
    .filter(([, count]) => count > 0)
    .map(([words, count]) => `${words.toLowerCase()}: ${count}`);
  return [plural(peerings.length, 'peering'), ...counts].join(' · ');
}

/** The other clusters whose blocks overlap: no VPC can be peered with both. */
function sharingOf({ clusterId }, own, clusters) {
  if (own === undefined) return [];
  const others = [...clusters.values()]
    .map(([other]) => other)
    .filter((other) => other.clusterId !== clusterId)
    .filter((other) => overlapsBlock(other.clusterCidrBlock, own));
  if (others.length === 0) return [];
  return [
    make('p', 'hint', `A VPC can be peered with only one of this and ${others.map(nameOf).join(', ')}.`),
  ];
}

function overlapsBlock(text, own) {
  const block = readBlock(text);
  return block !== undefined && overlaps(block, own);
}
