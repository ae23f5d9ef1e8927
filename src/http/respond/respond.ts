// Sends an answer: the fields that the steps before have left and those of the answer itself, written in one go. Node stores
// and checks a field that is set by itself twice.
import { isAscii } from 'node:buffer';
import type { Response } from 'express';
import type { Answer } from '../../pipeline/answer.ts';
import { contextOf } from '../request-context.ts';

/** The answer's own fields count before those of the steps. */
export function sendAnswer(response: Response, { status, headers: fields, body }: Answer): void {
  const all: string[] = [];
  const { fields: before } = contextOf(response);
  for (let at = 0; at < before.length; at += 2) {
    const name = before[at] as string;
    if (!Object.hasOwn(fields, name)) all.push(name, before[at + 1] as string);
  }
  for (const name in fields)
    if (body !== undefined || name !== 'Content-Type') all.push(name, fields[name] as string);
  if (body !== undefined) all.push('Content-Length', String(body.length));
  response.writeHead(status, all);
  // As text it goes out in one piece with the fields.
  if (body !== undefined && isAscii(body)) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}
