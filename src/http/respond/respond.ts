// Sends an answer with its own header fields and those of earlier steps. All are written at once: Node stores and checks a field
// twice if it is set individually.
import type { Response } from 'express';
import type { Answer } from '../../pipeline/answer.ts';
import { contextOf } from '../request-context.ts';
import { sendBody } from './send-body.ts';

/**
 * The answer's own fields replace those of earlier steps. Parks the request's slot: its work is done, whether or not the client
 * reads the answer.
 */
export function sendAnswer(response: Response, { status, headers, body, shared = false }: Answer): void {
  const all: string[] = [];
  const { fields: before, slot, isLast } = contextOf(response);
  for (let at = 0; at < before.length; at += 2) {
    const name = before[at] as string;
    if (!Object.hasOwn(headers, name)) all.push(name, before[at + 1] as string);
  }
  for (const name in headers)
    if (body !== undefined || name !== 'Content-Type') all.push(name, headers[name] as string);
  if (body !== undefined) all.push('Content-Length', String(body.length));
  if (isLast?.(response.req)) all.push('Connection', 'close');
  response.writeHead(status, all);
  if (body === undefined) response.end();
  else sendBody(response, body, shared);
  slot?.park();
}
