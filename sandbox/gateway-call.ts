// One call to the gateway as any HTTP client would make it, with whatever came back, problem or not.
import { request } from 'undici';
import { parseJson } from './read-json.ts';

export interface GatewayCall {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly token?: string;
  readonly body?: unknown;
}

export interface GatewayAnswer {
  readonly status: number;
  /** `undefined` unless it is JSON. */
  readonly body: unknown;
  header(name: string): string | undefined;
}

export async function callGateway(call: GatewayCall, signal: AbortSignal): Promise<GatewayAnswer> {
  const answer = await request(call.url, {
    method: call.method,
    headers: {
      accept: 'application/json',
      ...(call.token !== undefined && { authorization: `Bearer ${call.token}` }),
      ...(call.body !== undefined && { 'content-type': 'application/json' }),
    },
    body: call.body === undefined ? null : JSON.stringify(call.body),
    headersTimeout: 15_000,
    bodyTimeout: 15_000,
    signal,
  });
  const text = await answer.body.text();
  return {
    status: answer.statusCode,
    body: parseJson(text),
    header(name) {
      const value = answer.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    },
  };
}
