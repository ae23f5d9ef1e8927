// `GET /openapi.json`, `GET /docs` and the files below it, from memory. Looks up what the route table has matched; no path of
// a caller's ever reaches the disk.
import type { RequestHandler } from 'express';
import { taggedAnswer } from '../../pipeline/answer.ts';
import { contextOf } from '../request-context.ts';
import { sendAnswer } from '../respond/respond.ts';
import type { Documents } from './documents.ts';

export const serveDocuments =
  (documents: Documents): RequestHandler =>
  (request, response, next) => {
    const { route } = contextOf(response);
    const document = route.kind === 'document' ? documents.get(route.template) : undefined;
    if (document === undefined) return next();
    sendAnswer(response, taggedAnswer(document, request.headers['if-none-match']));
  };
