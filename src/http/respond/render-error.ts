// Turns every error into its answer; nothing else answers errors. An unexpected error is logged with its cause and answered
// with a 500 that discloses nothing of it.
import type { ErrorRequestHandler, Request, Response } from 'express';
import { toGatewayError } from '../../errors.ts';
import type { Logger } from '../../logging/logger.ts';
import { isExpectingContinue } from '../read-body.ts';
import { contextOf } from '../request-context.ts';
import { problemHeaders, problemOf } from './problem.ts';
import { sendAnswer } from './respond.ts';

export function renderError(
  logger: Logger,
  basePath: string,
  thrown: unknown,
  request: Request,
  response: Response,
): void {
  const error = toGatewayError(thrown);
  const context = contextOf(response);
  const { gatewayRequestId } = context;
  context.code = error.code;
  context.logged = error.logged;
  if (error.rule.level !== 'info')
    logger[error.rule.level]({ gatewayRequestId, code: error.code, err: error }, error.message);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // RFC 9110 section 10.1.1: without `100 Continue` the client may or may not send the body.
  if (!request.complete && isExpectingContinue(request)) response.setHeader('Connection', 'close');
  const body = Buffer.from(JSON.stringify(problemOf(error, gatewayRequestId)));
  sendAnswer(response, { status: error.rule.status, headers: problemHeaders(error, basePath), body });
}

/** If rendering fails, closes the connection: Express would answer with its own page. */
export const endConnection =
  (logger: Logger): ErrorRequestHandler =>
  (thrown: unknown, _request, response, _next) => {
    logger.error({ err: thrown }, 'failed to answer an error');
    response.destroy();
  };
