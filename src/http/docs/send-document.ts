// Serves `/openapi.json`, `/docs` and the files below it from memory. A caller's path never reaches the disk.
import type { Request, Response } from 'express';
import { GatewayError } from '../../errors.ts';
import { taggedAnswer } from '../../pipeline/answer.ts';
import { sendAnswer } from '../respond/respond.ts';
import type { Documents } from './documents.ts';

/** Throws `route-unknown` if there is none for this template. */
export function sendDocument(
  documents: Documents,
  template: string,
  request: Request,
  response: Response,
): void {
  const document = documents.get(template);
  if (document === undefined) throw new GatewayError('route-unknown');
  sendAnswer(response, taggedAnswer(document, request.headers['if-none-match']));
}
