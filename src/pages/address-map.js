// The address space of one cluster as SVG: a line for each /8 that is in use, and one for each /16, on which each block can be
// reached with the arrow keys. Values of an answer become text and never markup.
import { overlaps } from './address-blocks.js';
import { make } from './draw-answer.js';

const lineSize = 0x1_0000;
/** Per cent of a line: what is smaller could not be seen. */
const minWidth = 0.9;
const laneHeight = 13;
const laneGap = 3;

function draw(name, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

const dotted = (address) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

/** Where a block lies on a line, in per cent; `undefined` beside it. */
function extentOn({ first, size }, block) {
  const start = Math.max(block.first, first);
  const end = Math.min(block.last + 1, first + size);
  if (start >= end) return undefined;
  const width = Math.max(((end - start) / size) * 100, minWidth);
  return { x: Math.min(((start - first) / size) * 100, 100 - width), width };
}

function rectangle(extent, { className, y, height, fill }) {
  const position = { x: `${extent.x}%`, width: `${extent.width}%`, y, height };
  return draw('rect', { class: className, ...position, ...(fill && { fill }) });
}

/** What lies behind the blocks: outside of the guardrails, inside, forbidden. */
function background(line, rules, height) {
  const area = (className, fill) => (block) => {
    const extent = extentOn(line, block);
    return extent === undefined ? [] : [rectangle(extent, { className, y: 0, height, fill })];
  };
  const whole = { first: line.first, last: line.first + line.size - 1 };
  return [
    ...area('ground', 'none')(whole),
    ...(rules === undefined ? [] : area('outside', 'url(#outside)')(whole)),
    ...(rules?.cidrs ?? []).flatMap(area('inside')),
    ...(rules?.forbidden ?? []).flatMap(area('forbidden', 'url(#forbidden)')),
  ];
}

/** Quarters of a /16, by their third octet. */
const quarters = [0, 64, 128, 192];
const ticks = (height) =>
  quarters.slice(1).map((octet) => {
    const x = `${(octet / 256) * 100}%`;
    return draw('line', { class: 'tick', x1: x, x2: x, y1: 0, y2: height });
  });

/** What the ticks of the lines below it mean. */
function drawScale() {
  const words = quarters.map((octet) => draw('text', { x: `${(octet / 256) * 100}%`, y: 10 }, `.${octet}`));
  const scale = draw(
    'svg',
    { class: 'line scale', width: '100%', height: 12, 'aria-hidden': true },
    ...words,
  );
  return make('div', 'network', make('span', ''), scale);
}

/** Puts what would cover another block into a lane below it. */
function inLanes(line, blocks) {
  const ends = [];
  return blocks
    .map((block) => ({ block, extent: extentOn(line, block) }))
    .filter(({ extent }) => extent !== undefined)
    .map((one) => {
      const free = ends.findIndex((end) => end <= one.extent.x + 0.01);
      const lane = free < 0 ? ends.length : free;
      ends[lane] = one.extent.x + one.extent.width;
      return { ...one, lane };
    });
}

const classOf = ({ tone, state }) => `block ${tone} ${state}`;

/** The parts of a line that two live blocks have in common. */
function drawOverlaps(line, blocks, height) {
  return blocks.flatMap((one, index) =>
    blocks
      .slice(index + 1)
      .filter((other) => one.isLive && other.isLive && overlaps(one, other))
      .flatMap((other) => {
        const common = { first: Math.max(one.first, other.first), last: Math.min(one.last, other.last) };
        const extent = extentOn(line, common);
        return extent === undefined
          ? []
          : [rectangle(extent, { className: 'overlap', y: 0, height, fill: 'url(#overlap)' })];
      }),
  );
}

/** One line with its label. `blocks` that begin on it can be reached by keyboard. */
function drawLine(line, blocks, rules, open) {
  const placed = inLanes(line, blocks);
  const lanes = Math.max(1, ...placed.map(({ lane }) => lane + 1));
  const height = lanes * laneHeight + (lanes + 1) * laneGap;
  const shapes = placed.map(({ block, extent, lane }) => {
    const y = laneGap + lane * (laneHeight + laneGap);
    const shape = rectangle(extent, { className: classOf(block), y, height: laneHeight });
    if (block.row === undefined || block.first < line.first) return draw('g', {}, titled(shape, block));
    const link = draw('a', { href: `#${block.row}`, 'aria-label': block.label, tabindex: -1 });
    link.append(titled(shape, block));
    link.addEventListener('click', (event) => {
      event.preventDefault();
      open(block);
    });
    return link;
  });
  const image = draw(
    'svg',
    { class: 'line', width: '100%', height, role: 'group', 'aria-label': line.label },
    ...background(line, rules, height),
    ...ticks(height),
    ...shapes,
    ...drawOverlaps(line, blocks, height),
  );
  return make('div', 'network', make('code', '', line.label), image);
}

function titled(shape, { label }) {
  const title = draw('title', {});
  title.textContent = label;
  shape.append(title);
  return shape;
}

/** A /8 as a whole, without anything to reach: where in it the cluster's blocks and the rules are. */
function drawOverview(first, blocks, rules) {
  const line = { first, size: 0x100_0000 };
  const height = 12;
  const marks = blocks.flatMap((block) => {
    const extent = extentOn(line, block);
    return extent === undefined ? [] : [rectangle(extent, { className: classOf(block), y: 2, height: 8 })];
  });
  const attributes = { class: 'line overview', width: '100%', height, 'aria-hidden': true };
  return make(
    'div',
    'network',
    make('code', '', `${dotted(first)}/8`),
    draw('svg', attributes, ...background(line, rules, height), ...marks),
  );
}

const startsOf = (blocks, size) =>
  [...new Set(blocks.map(({ first }) => first - (first % size)))].sort((one, other) => one - other);

/**
 * `blocks`: in the order of their addresses, each with `first`, `last`, `label`, `tone`, `state`, `isLive`, and `row` if `open`
 * can show more about it. `rules`: blocks of the guardrails (`cidrs`) and those that are `forbidden`, or `undefined`.
 */
export function drawAddressMap(blocks, rules, open) {
  const drawn = make(
    'div',
    'map',
    ...startsOf(blocks, 0x100_0000).map((first) => drawOverview(first, blocks, rules)),
    drawScale(),
    ...startsOf(blocks, lineSize).map((first) =>
      drawLine({ first, size: lineSize, label: `${dotted(first)}/16` }, blocks, rules, open),
    ),
  );
  const links = [...drawn.querySelectorAll('a')];
  links[0]?.setAttribute('tabindex', '0');
  drawn.addEventListener('keydown', (event) => moveFocus(event, links));
  // Who cannot see the map hears the link's own label.
  const named = make('p', 'named');
  named.setAttribute('aria-hidden', 'true');
  for (const kind of ['focusin', 'pointerover'])
    drawn.addEventListener(kind, ({ target }) => {
      const label = target.closest('a')?.getAttribute('aria-label');
      if (label) named.replaceChildren(label);
    });
  drawn.append(named);
  return drawn;
}

/** One stop of the Tab key per map; the arrows lead from block to block, Home and End to the first and last. */
function moveFocus(event, links) {
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const at = links.indexOf(document.activeElement);
  const next = { Home: 0, End: links.length - 1 }[event.key] ?? at + (steps[event.key] ?? Number.NaN);
  const link = links[next];
  if (at < 0 || link === undefined) return;
  event.preventDefault();
  links[at].setAttribute('tabindex', '-1');
  link.setAttribute('tabindex', '0');
  link.focus();
}
