// The page `docs/policy`: asks for a dry run or for what the caller may do, and shows the answer beside the fields and in the
// panel. Of several questions the last one counts.
import { askGateway, dryRunPath, effectivePath, tokenIn } from './ask-gateway.js';
import { decisionFacts, drawEffective, faultsOf, make, refusalOf, verdictOf } from './draw-answer.js';
import { addNote, clearNotes, controlFor, readCreate, switchForm } from './request-form.js';

const byId = (id) => document.getElementById(id);
const marks = { good: '✓', warn: '!', bad: '✕' };
let asked = 0;

async function ask(question, draw) {
  asked += 1;
  const mine = asked;
  clearNotes();
  const token = tokenIn(byId('token').value);
  if (token === undefined) {
    const words =
      byId('token').value.trim() === '' ? 'Paste an access token first.' : 'This is no access token.';
    noteOnToken(words);
    show({ tone: 'bad', verdict: words });
    byId('token').focus();
    return;
  }
  byId('answer').setAttribute('aria-busy', 'true');
  show({ tone: 'plain', verdict: 'Asking…' });
  const answer = await question(token).catch((error) => ({ error }));
  if (mine !== asked) return;
  byId('answer').removeAttribute('aria-busy');
  if ('error' in answer) show(unanswered);
  else draw(answer);
  byId('verdict').scrollIntoView({ block: 'nearest' });
}

const unanswered = {
  tone: 'warn',
  verdict: 'No answer came.',
  advice: 'Is the gateway reachable from here? Nothing was created in any case.',
};

const check = () =>
  ask(
    (token) => {
      const { clusterId, body } = readCreate();
      const headers = { 'Content-Type': 'application/json' };
      return askGateway(token, dryRunPath(clusterId), { method: 'POST', headers, body });
    },
    (answer) => {
      const summary = verdictOf(answer);
      if (summary.token) noteOnToken(summary.detail ?? summary.verdict);
      show(summary, drawFaults(faultsOf(answer)), decisionFacts(answer), afterword(answer));
    },
  );

const showEffective = () =>
  ask(
    (token) => askGateway(token, effectivePath),
    (answer) => {
      if (answer.status === 200 && answer.json?.policyVersion !== undefined) {
        const none = Array.isArray(answer.json?.grants) && answer.json.grants.length === 0;
        const verdict = none
          ? 'No grant is for this caller: every create is denied.'
          : 'This is what the caller may do.';
        show({ tone: none ? 'bad' : 'plain', verdict }, ...drawEffective(answer));
        return;
      }
      const summary = refusalOf(answer);
      if (summary.token) noteOnToken(summary.detail ?? summary.verdict);
      show(summary, decisionFacts(answer));
    },
  );

function show({ tone, verdict, detail, advice }, ...details) {
  const mark = marks[tone] === undefined ? [] : [make('span', 'mark', marks[tone])];
  for (const element of mark) element.setAttribute('aria-hidden', 'true');
  byId('verdict').className = `verdict ${tone}`;
  byId('verdict').replaceChildren(...mark, make('span', '', verdict));
  const words = [detail, advice].filter((line) => line !== undefined).map((line) => make('p', '', line));
  byId('details').replaceChildren(...words, ...details.filter((part) => part !== undefined));
}

/** A note beside each field, and the list of them all with a link to each. */
function drawFaults(faults) {
  if (faults.length === 0) return undefined;
  const items = faults.map(({ about, pointer, name, note, item }) => {
    const control = controlFor(pointer, about);
    if (control === undefined) return item(make('span', '', name));
    addNote(control, note(control.id === 'body'));
    return item(linkTo(control, name));
  });
  return make('ol', 'faults', ...items);
}

function linkTo(control, name) {
  const link = make('a', '', name);
  link.href = `#${control.id}`;
  // A fragment in the address would only scroll there; the caret belongs into the field.
  link.addEventListener('click', (event) => {
    event.preventDefault();
    control.focus();
  });
  return link;
}

const noteOnToken = (words) => addNote(byId('token'), make('div', 'fault', make('p', '', words)));

const afterword = ({ status }) =>
  status === 200
    ? make(
        'p',
        'rule',
        'A dry run sends nothing: Aerospike Cloud, or what changes until then, may still refuse the create.',
      )
    : undefined;

byId('request').addEventListener('submit', (event) => {
  event.preventDefault();
  void check();
});
byId('show-effective').addEventListener('click', () => void showEffective());
byId('by-fields').addEventListener('change', switchForm);
byId('by-json').addEventListener('change', switchForm);
// A page that is kept for the back button would keep the token with it.
addEventListener('pagehide', () => {
  byId('token').value = '';
});
