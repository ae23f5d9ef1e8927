// Runs a Bruno collection as Bruno does, for the parts of its language that ours uses: variables, bearer tokens, JSON and
// form bodies, values taken from answers, and assertions of equality.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { request } from 'undici';
import { root } from '../docs/documents.ts';

interface Named {
  readonly name: string;
  readonly value: string;
}

/** A request as @usebruno/lang reads it, for the parts of the language that ours use. */
interface BrunoRequest {
  readonly meta: { readonly name: string; readonly seq: string };
  readonly http: {
    readonly method: string;
    readonly url: string;
    readonly auth: string;
    readonly body: string;
  };
  readonly headers?: readonly Named[];
  readonly body: { readonly json: string; readonly formUrlEncoded: readonly Named[] };
  readonly vars?: { readonly res?: readonly Named[] };
  readonly assertions: readonly Named[];
}

const { bruToJsonV2, bruToEnvJsonV2, collectionBruToJson } = createRequire(import.meta.url)('@usebruno/lang');

export const collection = join(root, 'examples/bruno');
const read = (name: string): string => readFileSync(join(collection, name), 'utf8');

/** Every request, in its order. */
export const brunoRequests: readonly BrunoRequest[] = readdirSync(collection)
  .filter((name) => name.endsWith('.bru') && name !== 'collection.bru')
  .map((name): BrunoRequest => bruToJsonV2(read(name)))
  .sort((left, right) => Number(left.meta.seq) - Number(right.meta.seq));

export const brunoCollection: { readonly auth: { readonly bearer: { readonly token: string } } } =
  collectionBruToJson(read('collection.bru'));

export function brunoEnvironment(name: string): Record<string, string> {
  const { variables } = bruToEnvJsonV2(read(`environments/${name}.bru`));
  return Object.fromEntries(variables.map(({ name: variable, value }: Named) => [variable, value]));
}

export interface BrunoAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends one request. Its values for later requests are put into `variables`. */
export async function sendBruno(
  bruno: BrunoRequest,
  variables: Record<string, string>,
): Promise<BrunoAnswer> {
  const fill = (text: string): string =>
    text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
      const value = variables[name];
      if (value === undefined) throw new Error(`${bruno.meta.name} uses {{${name}}}, which nothing has set`);
      return value;
    });
  const { method, url, auth, body: kind } = bruno.http;
  const headers: Record<string, string> = {};
  for (const { name, value } of bruno.headers ?? []) headers[name.toLowerCase()] = fill(value);
  if (auth === 'inherit') headers['authorization'] = `Bearer ${fill(brunoCollection.auth.bearer.token)}`;
  let body: string | undefined;
  if (kind === 'json') {
    headers['content-type'] = 'application/json';
    body = fill(bruno.body.json);
  } else if (kind === 'formUrlEncoded') {
    headers['content-type'] = 'application/x-www-form-urlencoded';
    const fields = bruno.body.formUrlEncoded.map(({ name, value }): [string, string] => [name, fill(value)]);
    body = new URLSearchParams(fields).toString();
  }
  const answer = await request(fill(url), {
    method: method.toUpperCase(),
    headers,
    ...(body === undefined ? {} : { body }),
  });
  const text = await answer.body.text();
  const parsed = { status: answer.statusCode, body: text === '' ? undefined : JSON.parse(text) };
  for (const { name, value } of bruno.vars?.res ?? []) variables[name] = String(valueAt(parsed, value));
  return parsed;
}

/** What an assertion such as `res.body.decision: eq allow` expects and finds. */
export const brunoAssertions = (bruno: BrunoRequest, answer: BrunoAnswer): [string, string, string][] =>
  bruno.assertions.map(({ name, value }): [string, string, string] => {
    const [, expected = ''] = /^eq (.*)$/.exec(value) ?? [];
    return [name, String(valueAt(answer, name)), expected];
  });

const valueAt = (answer: BrunoAnswer, path: string): unknown =>
  path
    .split('.')
    .slice(1)
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], answer);
