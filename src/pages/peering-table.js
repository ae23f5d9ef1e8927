// The table of peerings: sorted by a click on a heading, and bounded until somebody asks for the rest.
import { readBlock } from './address-blocks.js';
import { make } from './draw-answer.js';

/** Each finding in words, the most urgent first. */
export const findingWords = {
  block_overlap: 'Block overlaps',
  cluster_block_shared: 'Two clusters, one block',
  not_allowed_now: 'Not allowed today',
  acceptance_due: 'Waits for acceptance',
  quota_near: 'Near a limit',
  creator_unknown: 'Creator unknown',
  not_live: 'Dead, still listed',
};

export const hasFinding = ({ findings }, name) => findings.some(({ code }) => code === name);
export const nameOf = ({ clusterName, clusterId }) => text(clusterName ?? clusterId);
export const plural = (number, one) => `${number} ${one}${number === 1 ? '' : 's'}`;

/** Rows that are drawn at once. */
const maxRows = 200;

/** Of an object nothing is shown. */
const text = (value) => (['string', 'number', 'boolean'].includes(typeof value) ? String(value) : '–');
const code = (value) => make('code', '', text(value));
const soft = (...children) => make('span', 'soft', ...children);
const pair = (one, other) => make('div', 'pair', one, other);

export const dayOf = (time) =>
  text(time)
    .replace('T', ' ')
    .replace(/:\d\d(\.\d+)?Z$/, ' UTC');

/** Heading, what is sorted by, and what stands in the cell. */
const columns = [
  [
    'Cluster',
    nameOf,
    (peering) => pair(make('span', 'strong', nameOf(peering)), soft(code(peering.clusterCidrBlock))),
  ],
  ['Block', ({ cidrBlock }) => readBlock(cidrBlock)?.first ?? -1, ({ cidrBlock }) => code(cidrBlock)],
  [
    'VPC',
    ({ vpcId }) => text(vpcId),
    ({ vpcId, peeringId, id }) => pair(code(vpcId), soft(code(peeringId ?? id))),
  ],
  [
    'Account',
    ({ accountId }) => text(accountId),
    ({ accountId, region }) => pair(code(accountId), soft(text(region))),
  ],
  [
    'Status',
    ({ status }) => text(status),
    ({ status, acceptBy }) =>
      pair(text(status), typeof acceptBy === 'string' ? soft(`accept by ${dayOf(acceptBy)}`) : undefined),
  ],
  [
    'Created by',
    ({ createdBy }) => text(createdBy?.subject),
    ({ createdBy }) =>
      createdBy?.subject === undefined
        ? soft('unknown')
        : pair(make('span', '', text(createdBy.subject)), soft(dayOf(createdBy.at))),
  ],
  ['Findings', ({ findings }) => -findings.length, ({ findings }) => drawFindings(findings)],
];

function drawFindings(findings) {
  if (findings.length === 0) return soft('none');
  const items = findings.map(({ code: name, description }) =>
    make(
      'li',
      '',
      make('code', `finding ${text(name)}`, text(name)),
      make('span', '', ` ${text(description)}`),
    ),
  );
  return make('ul', 'found', ...items);
}

/** `sort`: `{ column, isDescending }`, changed by the headings, which then call `redraw`. `all`: without a bound. */
export function drawTable(peerings, { sort, all, redraw, showAll }) {
  if (peerings.length === 0) return make('p', 'hint', 'No peering matches.');
  const rows = sorted(peerings, sort);
  const shown = all ? rows : rows.slice(0, maxRows);
  const table = make(
    'table',
    'peerings',
    make('caption', 'hidden-text', 'Peerings'),
    make('thead', '', make('tr', '', ...columns.map((_, index) => drawHeading(index, sort, redraw)))),
    make('tbody', '', ...shown.map(drawRow)),
  );
  if (shown.length === rows.length) return table;
  const button = make('button', 'secondary', `Show all ${rows.length} rows`);
  button.type = 'button';
  button.addEventListener('click', showAll);
  return make('div', '', table, button);
}

function sorted(peerings, { column, isDescending }) {
  const keyOf = columns[column]?.[1];
  if (keyOf === undefined) return peerings;
  const compare = (one, other) =>
    typeof one === 'number' ? one - other : one.localeCompare(other, 'en', { numeric: true });
  const rows = peerings.toSorted((one, other) => compare(keyOf(one), keyOf(other)));
  return isDescending ? rows.reverse() : rows;
}

function drawHeading(index, sort, redraw) {
  const isSorted = sort.column === index;
  const button = make('button', 'heading', columns[index][0]);
  button.type = 'button';
  button.addEventListener('click', () =>
    redraw({ column: index, isDescending: isSorted && !sort.isDescending }),
  );
  const heading = make('th', '', button);
  heading.scope = 'col';
  if (isSorted) heading.setAttribute('aria-sort', sort.isDescending ? 'descending' : 'ascending');
  return heading;
}

function drawRow(peering) {
  const cells = columns.map(([heading, , draw]) => {
    const cell = make('td', '', draw(peering));
    // What a phone shows in place of the row of headings.
    cell.dataset.heading = heading;
    return cell;
  });
  const row = make('tr', '', ...cells);
  row.id = peering.row;
  row.tabIndex = -1;
  return row;
}
