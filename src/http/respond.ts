// Sends an answer: the fields that the steps before have left and those of the answer itself, written in one go. Node stores
// and checks a field that is set by itself twice.
import type { Response } from 'express';
import { contextOf } from './request-context.ts';
import { sendBody } from './send-body.ts';

/** Header fields by their names, each spelt in one way only. */
export type Fields = Readonly<Record<string, string>>;

/**
 * `fields` count before those of the steps. No body: the answer is one that has none (RFC 9110 section 6.4.1). `shared`: the
 * body is the same for every request. The request's work is done: it leaves the requests in flight, whether or not the
 * client reads the answer.
 */
export function respond(
  response: Response,
  status: number,
  fields: Fields,
  body?: Buffer,
  shared = false,
): void {
  const all: string[] = [];
  const { fields: before, slot, isLast } = contextOf(response);
  for (let at = 0; at < before.length; at += 2) {
    const name = before[at] as string;
    if (!Object.hasOwn(fields, name)) all.push(name, before[at + 1] as string);
  }
  for (const name in fields)
    if (body !== undefined || name !== 'Content-Type') all.push(name, fields[name] as string);
  if (body !== undefined) all.push('Content-Length', String(body.length));
  if (isLast?.(response.req)) all.push('Connection', 'close');
  response.writeHead(status, all);
  if (body === undefined) response.end();
  else sendBody(response, body, shared);
  slot?.park();
}
