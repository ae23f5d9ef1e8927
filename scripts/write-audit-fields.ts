// Writes docs/audit-fields.md, every field of an audit record, from openapi/audit-event.schema.json: `npm run schema`.
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

interface Part {
  readonly $ref?: string;
  readonly oneOf?: readonly Part[];
  readonly anyOf?: readonly Part[];
  readonly properties?: Readonly<Record<string, Part>>;
  readonly additionalProperties?: boolean | Part;
  readonly items?: Part;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
}

interface Schema extends Part {
  readonly $defs: Readonly<Record<string, Part>>;
}

interface Field {
  readonly path: string;
  readonly description: string;
  readonly values: readonly unknown[];
}

/** A longer list of values is in the schema alone. */
const maxValues = 12;

/** What is inside an object, a list or a choice: `[]` for an element, `*` for any name. */
function innerOf(part: Part, path: string): (readonly [string, Part])[] {
  const { oneOf = [], anyOf = [], properties = {}, additionalProperties: others, items = {} } = part;
  const members = Object.entries(typeof others === 'object' ? { ...properties, '*': others } : properties);
  const choices = [...oneOf, ...anyOf].filter(({ format }) => format === undefined);
  const isList = [part.type ?? []].flat().includes('array') || Array.isArray(part.const);
  return [
    ...members.map(([name, member]) => [path === '' ? name : `${path}.${name}`, member] as const),
    ...choices.map((choice) => [path, choice] as const),
    ...(isList ? [[`${path}[]`, items] as const] : []),
  ];
}

/** Every value that is neither an object nor a list. */
function* fieldsOf(
  from: Part,
  path: string,
  described: string,
  definitions: Schema['$defs'],
): Generator<Field> {
  const part = from.$ref === undefined ? from : (definitions[from.$ref.replace('#/$defs/', '')] ?? {});
  const description = part.description ?? from.description ?? described;
  const inner = innerOf(part, path);
  if (inner.length === 0 || Array.isArray(part.type))
    yield { path, description, values: part.enum ?? (part.const === undefined ? [] : [part.const]) };
  for (const [name, member] of inner) yield* fieldsOf(member, name, description, definitions);
}

function row(path: string, fields: readonly Field[]): string {
  const values = new Set(fields.flatMap((field) => field.values).filter((value) => !Array.isArray(value)));
  const shown =
    values.size <= maxValues ? [...values].map((value) => `\`${value}\``).join(', ') : 'see the schema';
  const description = fields[0]?.description.replaceAll('|', '\\|') ?? '';
  return `| \`${path}\` | ${description} | ${shown} |`;
}

/** The page, by the text of the schema. */
export function auditFieldsPage(schemaText: string): string {
  const schema: Schema = JSON.parse(schemaText);
  const fields = Map.groupBy(fieldsOf(schema, '', '', schema.$defs), ({ path }) => path);
  return `# Fields of an audit record

Every field that a record can have, what its value is, and where the value comes from.

\`npm run schema\` makes this page from
[openapi/audit-event.schema.json](../openapi/audit-event.schema.json), which is the exact form of a record. A member that is
not listed cannot be recorded. \`[]\` is an element of a list, \`*\` any name. Which fields a record has depends on its
[event](audit-records.md).

| field | meaning | values |
| --- | --- | --- |
${[...fields].map(([path, found]) => row(path, found)).join('\n')}
`;
}

const schemaFile = new URL('../openapi/audit-event.schema.json', import.meta.url);
if (argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(
    new URL('../docs/audit-fields.md', import.meta.url),
    auditFieldsPage(readFileSync(schemaFile, 'utf8')),
  );
