// A constant load of creates and lists, each with an id of its own, and what became of every one of them.
import { Agent } from 'undici';
import { allowed, peeringsPath } from '../support/gateway.ts';

export interface Call {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  /** `undefined`: there was no whole answer. */
  readonly status: number | undefined;
  readonly text: string;
  readonly error: unknown;
}

export interface Load {
  readonly calls: readonly Call[];
  /** Resolves when the last answer has come. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  /** A connection for each request, instead of one for each caller. */
  readonly reconnect?: boolean;
}

/** So many callers; every second request is a create. One who gets no answer gives up. */
export function startLoad(
  url: string,
  token: string,
  callers: number,
  { reconnect = false }: LoadOptions = {},
): Load {
  const agent = new Agent({ connections: callers, pipelining: 1 });
  const calls: Call[] = [];
  let stopped = false;
  const repeat = async (caller: number) => {
    for (let count = 0; !stopped; count += 1) {
      const method = count % 2 === 0 ? 'POST' : 'GET';
      const call = await callOnce(agent, { url, token, method, reconnect, id: `${caller}-${count}` });
      calls.push(call);
      if (call.status === undefined) return;
    }
  };
  const callersAtWork = Array.from({ length: callers }, (_, caller) => repeat(caller));
  return {
    calls,
    async stop() {
      stopped = true;
      await Promise.all(callersAtWork);
      await agent.close();
    },
  };
}

interface Wanted extends Pick<Call, 'id' | 'method'> {
  readonly url: string;
  readonly token: string;
  readonly reconnect: boolean;
}

async function callOnce(agent: Agent, { url, token, method, reconnect, id }: Wanted): Promise<Call> {
  const headers = {
    authorization: `Bearer ${token}`,
    'x-request-id': id,
    ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
  };
  try {
    const answer = await agent.request({
      origin: url,
      path: peeringsPath,
      method,
      headers,
      reset: reconnect,
      body: method === 'POST' ? JSON.stringify(allowed) : null,
    });
    const text = await answer.body.text();
    JSON.parse(text);
    return { id, method, status: answer.statusCode, text, error: undefined };
  } catch (error) {
    return { id, method, status: undefined, text: '', error };
  }
}
