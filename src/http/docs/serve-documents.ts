// Serves `/openapi.json`, `/docs` and the files below it from memory. A caller's path never reaches the disk.
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
