// The page `docs/peerings`: asks for the fleet and for the caller's rules, and shows both as maps and as a table. The filter
// works on the answer that is here and asks nothing.
import { overlaps, readBlock } from './address-blocks.js';
import { askGateway, effectivePath, tokenIn } from './ask-gateway.js';
import { drawCluster } from './cluster-map.js';
import { make, refusalOf } from './draw-answer.js';
import { dayOf, drawTable, findingWords, hasFinding, nameOf, plural } from './peering-table.js';

const byId = (id) => document.getElementById(id);

const nothing = { peerings: [], clusters: new Map(), unread: new Set(), rules: undefined };
let fleet = nothing;
let finding;
let sort = { column: undefined, isDescending: false };
let all = false;
let asked = 0;

const listOf = (value) => (Array.isArray(value) ? value : []);
const objectsOf = (value) => listOf(value).filter((one) => typeof one === 'object' && one !== null);

async function show(event) {
  event.preventDefault();
  asked += 1;
  const mine = asked;
  const token = tokenIn(byId('token').value);
  if (token === undefined) {
    const isEmpty = byId('token').value.trim() === '';
    verdict('bad', isEmpty ? 'Paste an access token first.' : 'This is no access token.');
    byId('token').focus();
    return;
  }
  verdict('plain', 'Asking…');
  const answers = await Promise.all([askGateway(token, 'peerings'), askGateway(token, effectivePath)]).catch(
    () => undefined,
  );
  if (mine !== asked) return;
  const [answer, effective] = answers ?? [];
  if (answer?.status === 200 && Array.isArray(answer.json?.peerings)) draw(answer.json, effective);
  else {
    fleet = nothing;
    byId('fleet').hidden = true;
    verdict(...refused(answer));
  }
}

function refused(answer) {
  if (answer === undefined) return ['warn', 'No answer came. Is the gateway reachable from here?'];
  const { status, json } = answer;
  if (status === 404) return ['warn', 'This gateway does not read the fleet: FLEET_REFRESH_SECONDS is 0.'];
  const contact = json?.context?.contact;
  if (status === 403 && json?.context?.violations !== undefined) {
    const ask = contact === undefined ? '' : ` Ask ${contact}.`;
    return ['bad', `No grant with the action inspect is for this caller.${ask}`];
  }
  const { tone, verdict: words, detail, advice } = refusalOf(answer);
  return [tone, [words, detail, advice].filter((part) => part !== undefined).join(' ')];
}

function verdict(tone, words) {
  byId('verdict').className = `verdict ${tone}`;
  byId('verdict').replaceChildren(words);
}

function draw(json, effective) {
  const peerings = objectsOf(json.peerings).map((peering, index) => ({
    ...peering,
    findings: objectsOf(peering.findings),
    row: `peering-${index}`,
    block: readBlock(peering.cidrBlock),
  }));
  const clusters = Map.groupBy(peerings, ({ clusterId }) => String(clusterId));
  const unread = new Set(listOf(json.unread).map(String));
  fleet = { peerings, clusters, unread, rules: rulesIn(effective) };
  byId('fleet').hidden = false;
  drawFilter();
  drawShown();
  const what = `${plural(peerings.length, 'peering')} in ${plural(clusters.size, 'cluster')}, read ${dayOf(json.generatedAt)}.`;
  if (json.complete === false) verdict('warn', `${what} ${incomplete(unread)}`);
  else verdict('plain', what);
}

function incomplete(unread) {
  const ids = [...unread].map((id) => nameOf(fleet.clusters.get(id)?.[0] ?? { clusterId: id }));
  const which = ids.length === 0 ? 'some clusters' : ids.join(', ');
  return `Not complete: ${which} could not be read. Peerings of theirs may be missing or out of date.`;
}

/** The guardrails and the forbidden blocks, if the gateway names them. */
function rulesIn(answer) {
  if (answer?.status !== 200 || !Array.isArray(answer.json?.cidrs)) return undefined;
  const { cidrs, forbiddenCidrs, shortened } = answer.json;
  const blocks = (values) => listOf(values).flatMap((value) => readBlock(value) ?? []);
  const isCut = ['/cidrs', '/forbiddenCidrs'].some((place) => shortened?.[place] !== undefined);
  const words = `Guardrails: ${listOf(cidrs).join(', ')}. Forbidden: ${listOf(forbiddenCidrs).join(', ') || 'none'}.`;
  return {
    cidrs: blocks(cidrs),
    forbidden: blocks(forbiddenCidrs),
    words: isCut ? `${words} These lists are longer than what is drawn.` : words,
  };
}

function drawFilter() {
  const { peerings, clusters, rules } = fleet;
  const statuses = [...new Set(peerings.map(({ status }) => String(status)))].sort();
  const names = [...clusters].map(([id, [first]]) => [id, nameOf(first)]);
  names.sort(([, one], [, other]) => one.localeCompare(other));
  fillSelect('cluster', [['', 'all'], ...names]);
  fillSelect('status', [['', 'all'], ...statuses.map((status) => [status, status])]);
  byId('rules').replaceChildren(rules?.words ?? 'The gateway does not name its guardrails to this caller.');
}

function fillSelect(id, entries) {
  const before = byId(id).value;
  byId(id).replaceChildren(...entries.map(([value, name]) => new Option(name, value)));
  byId(id).value = entries.some(([value]) => value === before) ? before : '';
}

function drawFindings(candidates) {
  const buttons = Object.entries(findingWords).map(([name, words]) => {
    const count = candidates.filter((peering) => hasFinding(peering, name)).length;
    const button = make('button', `count ${name}`, make('span', 'number', String(count)), words);
    button.type = 'button';
    button.dataset.finding = name;
    button.setAttribute('aria-pressed', String(finding === name));
    button.addEventListener('click', () => {
      finding = finding === name ? undefined : name;
      drawShown();
      byId('findings').querySelector(`[data-finding="${name}"]`).focus();
    });
    return button;
  });
  byId('findings').replaceChildren(...buttons);
}

/** An address matches the blocks that it lies in; any other text matches what it is part of. */
function matcher() {
  const words = byId('text').value.trim().toLowerCase();
  const block = readBlock(words);
  const [cluster, status] = [byId('cluster').value, byId('status').value];
  const hasWords = ({
    clusterName,
    clusterId,
    id,
    peeringId,
    vpcId,
    accountId,
    region,
    cidrBlock,
    createdBy,
  }) =>
    [clusterName, clusterId, id, peeringId, vpcId, accountId, region, cidrBlock, createdBy?.subject]
      .map((value) => String(value ?? '').toLowerCase())
      .some((value) => value.includes(words));
  return (peering) =>
    (cluster === '' || String(peering.clusterId) === cluster) &&
    (status === '' || String(peering.status) === status) &&
    (block === undefined ? hasWords(peering) : peering.block !== undefined && overlaps(peering.block, block));
}

function drawShown() {
  const candidates = fleet.peerings.filter(matcher());
  drawFindings(candidates);
  const shown = finding === undefined ? candidates : candidates.filter((one) => hasFinding(one, finding));
  byId('shown').replaceChildren(`${plural(shown.length, 'peering')} of ${fleet.peerings.length} shown.`);
  drawMaps(new Set(shown));
  byId('table').replaceChildren(
    drawTable(shown, {
      sort,
      all,
      redraw(next) {
        sort = next;
        drawShown();
        byId('table').querySelectorAll('th button')[next.column].focus();
      },
      showAll() {
        all = true;
        drawShown();
      },
    }),
  );
}

function drawMaps(shown) {
  const clusters = [...fleet.clusters.values()].filter((peerings) => peerings.some((one) => shown.has(one)));
  clusters.sort(([one], [other]) => nameOf(one).localeCompare(nameOf(other)));
  byId('maps').replaceChildren(
    ...clusters.map((peerings) => drawCluster(peerings, { ...fleet, shown, open: openRow })),
  );
}

function openRow({ row }) {
  if (byId(row) === null) {
    all = true;
    drawShown();
  }
  byId(row).scrollIntoView({ block: 'center' });
  byId(row).focus();
}

byId('ask').addEventListener('submit', (event) => void show(event));
byId('text').addEventListener('input', drawShown);
for (const id of ['cluster', 'status']) byId(id).addEventListener('change', drawShown);
byId('reset').addEventListener('click', () => {
  for (const id of ['text', 'cluster', 'status']) byId(id).value = '';
  finding = undefined;
  drawShown();
});
// A page that is kept for the back button would keep the token with it.
addEventListener('pagehide', () => {
  byId('token').value = '';
});
