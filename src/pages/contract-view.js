// The contract as the page shows it: of a refusal its codes in place of an example. What
// holds for every operation stands once, in the prose: header fields, and the statuses that all of them share.
// `openapi.json` has all of it.

/**
 * `contract`: the document as the gateway serves it. Gives a document for Swagger UI, and the `prose` (Markdown) that stands
 * behind its operations.
 */
export function forReading(contract) {
  const { info, components, paths } = contract;
  const { description, ...about } = info;
  const responses = Object.entries(components.responses).map(([name, response]) => [
    name,
    shorten(response, components.examples),
  ]);
  const short = Object.fromEntries(responses);
  const common = commonStatuses(paths);
  const prose = [
    description,
    '## Answers of every operation',
    ...common.map(([status, name]) => `- **${status}** ${short[name].description}`),
    '## Header fields of answers',
    headerList(components),
  ];
  return {
    document: {
      ...contract,
      info: about,
      paths: mapOperations(paths, (operation) => withoutStatuses(operation, common)),
      components: { ...components, responses: short },
    },
    prose: prose.join('\n\n'),
  };
}

const problems = 'application/problem+json';
const nameOf = ({ $ref = '' }) => $ref.split('/').at(-1);

const mapValues = (object, map) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]));

const mapOperations = (paths, map) =>
  mapValues(paths, (item) =>
    mapValues(item, (value) => (value.responses === undefined ? value : map(value))),
  );

/** Pairs of status and response that all operations have. */
function commonStatuses(paths) {
  const [first, ...others] = Object.values(paths)
    .flatMap((item) => Object.values(item))
    .filter(({ responses }) => responses !== undefined);
  return Object.entries(first.responses)
    .map(([status, response]) => [status, nameOf(response)])
    .filter(([status, name]) => others.every(({ responses }) => nameOf(responses[status] ?? {}) === name));
}

function withoutStatuses({ responses, ...operation }, statuses) {
  const left = Object.entries(responses).filter(([status]) =>
    statuses.every(([common]) => common !== status),
  );
  return { ...operation, responses: Object.fromEntries(left) };
}

/** A refusal keeps its description and gets its codes; what may be anything has no example. */
function shorten({ headers: _, content, description, ...response }, examples) {
  if (content?.[problems] === undefined) {
    const says = Object.values(content ?? {}).some(({ schema }) => Object.keys(schema ?? {}).length > 0);
    return { ...response, description, ...(says && { content }) };
  }
  const names = Object.keys(content[problems].examples ?? {});
  const codes = new Set(
    names.map((name) => examples[name]?.value?.code).filter((code) => code !== undefined),
  );
  const links = [...codes].map((code) => `[\`${code}\`](docs/errors#${code})`);
  return { ...response, description: [description.trim(), links.join(', ')].join(' ').trim() };
}

/**
 * Each header field of any answer, in the order in which they come first. Of several descriptions the one called by the field's
 * name counts, or else the longest.
 */
function headerList({ responses, headers }) {
  const described = new Map();
  for (const response of Object.values(responses))
    for (const [name, header] of Object.entries(response.headers ?? {})) {
      const words = (headers[name] ?? headers[nameOf(header)] ?? header).description ?? '';
      if (words.length > (described.get(name)?.length ?? -1)) described.set(name, words);
    }
  return [...described].map(([name, words]) => `- \`${name}\`: ${words.replaceAll(/\s+/g, ' ')}`).join('\n');
}
