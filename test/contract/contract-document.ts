// `openapi/gateway.yaml` as the contract tests look into it: every reference followed, every schema compiled. A reference
// that leads nowhere, a keyword that JSON Schema does not know and a status that is not documented are errors.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Ajv2020, type AnySchemaObject, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import type { OpenApiDocument, Operation, Parameter, ResponseObject } from './openapi-types.ts';

export interface DocumentedOperation {
  readonly path: string;
  /** In upper case. */
  readonly method: string;
  readonly id: string;
  /** The Operation Object as it stands. */
  readonly operation: Operation;
  /** Those of the path and of the operation, references followed. */
  readonly parameters: readonly Parameter[];
  /** Status or range of statuses → Response Object, references followed. */
  readonly responses: ReadonlyMap<string, ResponseObject>;
}

export interface ContractDocument {
  /** As it was parsed. */
  readonly root: OpenApiDocument;
  readonly operations: readonly DocumentedOperation[];
  /** Follows a reference if it is one. */
  follow<T>(value: T): T;
  /** Throws unless it is JSON Schema. The schema is an object of this document. */
  compile(schema: object): ValidateFunction;
  /** Fails unless the value is what the schema says. */
  assertValid(schema: object, value: unknown, what: string): void;
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const schemaId = 'https://peergate.example/contract';

export const gatewayContract = async (): Promise<ContractDocument> =>
  contractDocument(parse(await readFile(new URL('../../openapi/gateway.yaml', import.meta.url), 'utf8')));

export function contractDocument(root: OpenApiDocument): ContractDocument {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, ownProperties: true });
  addFormats.default(ajv);
  // Schemas refer to one another by their place in the document; here they stand among `$defs`, where ajv looks.
  const moved = (schema: object): AnySchemaObject =>
    JSON.parse(
      JSON.stringify(schema).replaceAll('"$ref":"#/components/schemas/', `"$ref":"${schemaId}#/$defs/`),
    );
  ajv.addSchema({ $id: schemaId, $defs: moved(root.components.schemas) });
  const compiled = new Map<object, ValidateFunction>();

  const follow = <T>(value: T): T => {
    const pointer = (value as { readonly $ref?: string } | undefined)?.$ref;
    if (pointer === undefined) return value;
    assert.match(pointer, /^#\//, 'only references inside the document are followed');
    const found = pointer
      .slice(2)
      .split('/')
      .reduce<unknown>(
        (at, step) =>
          (at as Readonly<Record<string, unknown>> | undefined)?.[
            step.replaceAll('~1', '/').replaceAll('~0', '~')
          ],
        root,
      );
    assert.notEqual(found, undefined, `${pointer} leads nowhere`);
    return follow(found as T);
  };

  const compile = (schema: object): ValidateFunction => {
    const known = compiled.get(schema);
    if (known !== undefined) return known;
    const made = ajv.compile(moved(schema));
    compiled.set(schema, made);
    return made;
  };

  return {
    root,
    operations: Object.entries(root.paths).flatMap(([path, item]) =>
      (Object.entries(item) as [string, Operation][])
        .filter(([name]) => methods.includes(name))
        .map(([name, operation]) => ({
          path,
          method: name.toUpperCase(),
          id: operation.operationId,
          operation,
          parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(follow),
          responses: new Map(
            Object.entries(operation.responses).map(([status, response]) => [status, follow(response)]),
          ),
        })),
    ),
    follow,
    compile,
    assertValid(schema, value, what) {
      const validate = compile(schema);
      assert.ok(validate(value), `${what}: ${describe(validate.errors)}\n${JSON.stringify(value)}`);
    },
  };
}

const describe = (errors: readonly ErrorObject[] | null | undefined): string =>
  (errors ?? [])
    .map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`)
    .join('; ');

/** The Response Object for a status: its own, or that of its range. */
export function responseFor(
  { path, method, responses }: DocumentedOperation,
  status: number,
): ResponseObject {
  const found = responses.get(String(status)) ?? responses.get(`${Math.floor(status / 100)}XX`);
  assert.ok(found, `${method} ${path} does not document ${status}`);
  return found;
}
