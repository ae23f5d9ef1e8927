// From an answer of the gateway to what a person sees. Whatever the answer says becomes text and never markup: elements are
// made here by name, and `append` takes strings for text.

/** `className` may be empty. */
export function make(name, className, ...children) {
  const element = document.createElement(name);
  if (className !== '') element.className = className;
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value ?? null));
const listOf = (value) => (Array.isArray(value) ? value : []);
const objectsOf = (value) => listOf(value).filter((one) => typeof one === 'object' && one !== null);
const chips = (values) =>
  make('ul', 'chips', ...listOf(values).map((value) => make('li', '', make('code', '', text(value)))));

/** A list of names and values; a value may be text or an element. */
const facts = (...pairs) =>
  make(
    'dl',
    'facts',
    ...pairs
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => make('div', '', make('dt', '', name), make('dd', '', value))),
  );

/** The violation codes in plain words; the gateway's own description, which has the values, stands in the answer. */
const plainWords = {
  account_not_allowed: 'This account is not allowed.',
  region_not_allowed: 'This region is not allowed.',
  cidr_not_allowed: 'This block is not inside the allowed ones.',
  cidr_forbidden: 'This block overlaps a forbidden one.',
  prefix_length: 'This block has the wrong size.',
  insecure_connection: 'The connection has to be secure.',
  cluster_not_allowed: 'This cluster is not allowed.',
  action_not_allowed: 'The grant does not cover a create.',
  no_grant: 'No grant is for this caller.',
  not_owner: 'The caller did not create this peering.',
  vpc_unknown: 'This VPC is not in the registry.',
  vpc_mismatch: 'This does not agree with the VPC registry.',
};

/** What is allowed in its place; `undefined` where nothing is. */
function drawAllowed(allowed) {
  if (Array.isArray(allowed)) return allowed.length === 0 ? undefined : allowedList('Allowed:', allowed);
  if (Array.isArray(allowed?.outside)) return allowedList('Allowed: anything outside', allowed.outside);
  if (allowed?.min === undefined) return undefined;
  const sizes = allowedList('Allowed: a prefix length of', [`/${allowed.min} to /${allowed.max}`]);
  if (allowed.nearest !== undefined)
    sizes.append(make('span', '', 'The nearest block:'), chips([allowed.nearest]));
  return sizes;
}

const allowedList = (words, values) => make('div', 'passes', make('span', '', words), chips(values));

const nameOf = (pointer) => pointer.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');

/** The note of a violation beside its field; `name` where several share one. */
const violationNote = ({ code, rule, description, allowed }, name) =>
  make(
    'div',
    'fault',
    make(
      'p',
      '',
      name ? make('code', '', `${name} `) : undefined,
      plainWords[code] ?? text(description),
      make('span', 'rule', ` by ${text(rule)}`),
    ),
    drawAllowed(allowed),
  );

/** The violation in the answer; `place` is where it is wrong, an element. */
const violationItem = ({ code, rule, description }, place) =>
  make(
    'li',
    '',
    make('p', 'place', place, make('code', 'code', text(code))),
    make('p', '', text(description)),
    make('p', 'rule', `Rule: ${text(rule)}`),
  );

/**
 * Each fault of an answer: what kind it is, its JSON Pointer, the note beside its field, and the item in the answer, made with
 * a link to that field.
 */
export function faultsOf({ status, json }) {
  const violations = objectsOf(status === 200 ? json?.violations : json?.context?.violations);
  const missing = listOf(json?.context?.missing);
  const invalid = objectsOf(json?.context?.invalid);
  const fault = (pointer, words) => ({
    about: 'fault',
    pointer: text(pointer),
    name: nameOf(text(pointer)) || 'body',
    note: () =>
      make('div', 'fault', make('p', '', make('code', '', nameOf(text(pointer)) || 'body'), ` ${words}`)),
    item: (place) => make('li', '', make('p', 'place', place), make('p', '', words)),
  });
  return [
    ...violations.map((violation) => ({
      about: 'violation',
      pointer: text(violation.field),
      name: nameOf(text(violation.field)) || 'caller',
      note: (shared) => violationNote(violation, shared ? nameOf(text(violation.field)) : undefined),
      item: (place) => violationItem(violation, place),
    })),
    ...missing.map((pointer) => fault(pointer, 'is missing')),
    ...invalid.map(({ field, description }) => fault(field, text(description))),
  ];
}

const count = (number, one) => `${number} ${one}${number === 1 ? '' : 's'}`;

/** The sentence that sums an answer up, how it is meant, and what to do about it. */
export function verdictOf(answer) {
  const { status, json } = answer;
  const faults = faultsOf(answer);
  if (status === 200 && json?.decision === 'allow') {
    if (faults.length === 0)
      return { tone: 'good', verdict: 'Allowed. The gateway would forward this create.' };
    const would = `The policy would refuse it (${count(faults.length, 'violation')}), but only reports now.`;
    return { tone: 'warn', verdict: `Allowed, in report mode. ${would}` };
  }
  if (faults.some(({ about }) => about === 'violation'))
    return { tone: 'bad', verdict: `Denied by the policy: ${count(faults.length, 'violation')}.` };
  if (status === 400 && faults.length > 0)
    return {
      tone: 'bad',
      verdict: `Not a valid create: ${count(faults.length, 'fault')}. The policy was not asked.`,
    };
  return refusalOf(answer);
}

/** Everything that is no decision. */
export function refusalOf({ status, json, retryAfter }) {
  const detail = text(json?.detail ?? 'The answer is not one of the gateway; something stands in between.');
  const later = retryAfter === null ? 'Try again later.' : `Try again in ${retryAfter} s.`;
  if (status === 401 && String(json?.type).endsWith(':token-expired'))
    return {
      tone: 'bad',
      verdict: 'The token has expired.',
      advice: 'Get a new one and paste it.',
      token: true,
    };
  if (status === 401) {
    const advice = 'It has to be an access token for this gateway, of an issuer that it trusts.';
    return { tone: 'bad', verdict: 'The token is not accepted.', detail, advice, token: true };
  }
  if (status === 403) {
    const advice = 'Ask for a token with this scope.';
    return { tone: 'bad', verdict: 'The token does not permit this.', detail, advice, token: true };
  }
  if (status === 409)
    return { tone: 'bad', verdict: 'The policy allows this create, but the network does not.', detail };
  if (status < 400) return { tone: 'warn', verdict: 'This is no decision of the gateway.', detail };
  if (status === 429) return { tone: 'warn', verdict: 'Too many requests.', detail, advice: later };
  if (status >= 500)
    return { tone: 'warn', verdict: 'The gateway cannot answer now.', detail, advice: later };
  return { tone: 'bad', verdict: `Refused with status ${status}.`, detail };
}

/** A policy without grants leaves it to the scope; in report mode no grant may be a violation. */
const withoutGrant = (decision) => (listOf(decision?.violations).length > 0 ? 'none' : 'Scope is enough');

/** What the answer says besides its faults. */
export function decisionFacts({ status, json, requestId }) {
  const decision = status === 200 ? json : json?.context;
  const exceptions = listOf(decision?.exceptions);
  return facts(
    ['Grant', status === 200 ? (decision?.grant ?? withoutGrant(decision)) : undefined],
    ['Exceptions', status === 200 ? (exceptions.length > 0 ? chips(exceptions) : 'none') : undefined],
    ['Contact', decision?.contact && text(decision.contact)],
    ['Mode', decision?.mode],
    ['Policy version', decision?.policyVersion && make('code', 'hash', text(decision.policyVersion))],
    ['Request id', requestId === null ? undefined : make('code', 'hash', requestId)],
  );
}

const group = (title, ...content) => make('section', 'group', make('h3', '', title), ...content);

/** `list` draws the values of one rule. */
const drawGuardrails = (json, list) =>
  group(
    'Guardrails: every create has to be inside all of them',
    facts(
      ['accounts', list(json?.accounts, '/accounts')],
      ['regions', list(json?.regions, '/regions')],
      ['cidrs', list(json?.cidrs, '/cidrs')],
      ['forbidden', list(json?.forbiddenCidrs, '/forbiddenCidrs')],
      ['prefix length', `/${text(json?.prefixLength?.min)} to /${text(json?.prefixLength?.max)}`],
      ['secure connection', text(json?.secureConnection)],
      ...(json?.maxPeerings?.perCluster === undefined
        ? []
        : [['live peerings of a cluster', text(json.maxPeerings.perCluster)]]),
      ...(json?.maxPeerings?.perVpc === undefined
        ? []
        : [['live peerings of a VPC', text(json.maxPeerings.perVpc)]]),
    ),
  );

/** `limits` draws the lists of a rule that stands at a place, `list` one of them. */
const drawException = ({ id, actions, expires, ticket, only, allows }, { place, limits, list }) =>
  group(
    `Exception ${text(id)}`,
    facts(
      ['actions', chips(actions)],
      ['until', text(expires)],
      ['ticket', ticket === null ? undefined : text(ticket)],
      ...limits(allows, `${place}/allows`).filter(([name]) => allows?.[name] !== null),
      [
        'prefix length',
        allows?.prefixLength && `/${text(allows.prefixLength.min)} to /${text(allows.prefixLength.max)}`,
      ],
      ['secure connection', allows?.secureConnection && text(allows.secureConnection)],
      ...['clusters', 'vpcs', 'accounts', 'regions', 'cidrs']
        .filter((name) => only?.[name])
        .map((name) => [`only ${name}`, list(only[name], `${place}/only/${name}`)]),
    ),
  );

/** `GET /policy/effective`. */
export function drawEffective({ json, requestId }) {
  const { caller = {}, shortened = {}, grants, exceptions } = json ?? {};
  const list = (values, place) => {
    if (values === null || values === undefined) return 'no narrower than the guardrails';
    const total = shortened[place];
    const more = total === undefined ? undefined : make('span', 'rule', `${text(total)} in all`);
    return values.length === 0 ? 'none' : make('div', '', chips(values), more);
  };
  const limits = (rule, place) =>
    ['clusters', 'accounts', 'regions', 'cidrs'].map((name) => [
      name,
      list(rule?.[name], `${place}/${name}`),
    ]);
  return [
    facts(
      ['Organization', text(json?.organization)],
      ['Contact', json?.contact && text(json.contact)],
      [
        'Caller',
        make(
          'span',
          '',
          make('code', '', text(caller.subject)),
          ' of ',
          make('code', '', text(caller.issuer)),
        ),
      ],
    ),
    drawGuardrails(json, list),
    ...objectsOf(grants).map((grant, index) =>
      group(
        `Grant ${text(grant.id)}`,
        facts(['actions', chips(grant.actions)], ...limits(grant, `/grants/${index}`), [
          'accounts from claim',
          grant.accountsFromClaim && text(grant.accountsFromClaim),
        ]),
      ),
    ),
    grants === null ? make('p', 'rule', 'Scope is enough: the policy has no grants.') : undefined,
    ...objectsOf(exceptions).map((exception, index) =>
      drawException(exception, { place: `/exceptions/${index}`, limits, list }),
    ),
    facts(
      ['Mode', text(json?.mode)],
      ['Policy version', make('code', 'hash', text(json?.policyVersion))],
      ['Request id', requestId === null ? undefined : make('code', 'hash', requestId)],
    ),
  ].filter((part) => part !== undefined);
}
