// The security headers of every answer. They are the same for all, so helmet computes them once.
import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/** Names and values. */
export function securityFields(): readonly (readonly [string, string])[] {
  const fields: [string, string][] = [];
  const response = {
    setHeader: (name: string, value: string) => void fields.push([name, value]),
    removeHeader: () => undefined,
  };
  let failure: unknown = 'unfinished';
  helmet()({} as IncomingMessage, response as unknown as ServerResponse, (error) => {
    failure = error;
  });
  // helmet calls back synchronously. If that changes, the gateway must not start without the headers.
  if (failure !== undefined) throw new Error('helmet did not set its headers synchronously');
  return fields;
}
