// The border where an error becomes an answer; nothing else writes one. An error that is not one of ours is logged whole
// and answered with 500 and no word of its cause.
import type { ErrorRequestHandler } from 'express';
import { toGatewayError } from '../../errors.ts';
import { type Logger, logAt } from '../../logging/logger.ts';
import { isExpectingContinue } from '../read-body.ts';
import { contextOf } from '../request-context.ts';
import { problemHeaders, problemOf } from './problem.ts';
import { sendAnswer } from './respond.ts';

export const renderError =
  (logger: Logger, basePath: string): ErrorRequestHandler =>
  (thrown: unknown, request, response, _next) => {
    const error = toGatewayError(thrown);
    const context = contextOf(response);
    const { gatewayRequestId } = context;
    context.code = error.code;
    if (error.rule.level !== 'info')
      logAt(logger, error.rule.level, { gatewayRequestId, code: error.code, err: error }, error.message);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // RFC 9110 section 10.1.1: without "100 Continue" the body may never come, or may come all the same.
    if (!request.complete && isExpectingContinue(request)) response.setHeader('Connection', 'close');
    const body = Buffer.from(JSON.stringify(problemOf(error, gatewayRequestId)));
    sendAnswer(response, { status: error.rule.status, headers: problemHeaders(error, basePath), body });
  };

/** An error about an error: Express would answer it with a page of its own, so the connection ends instead. */
export const endConnection =
  (logger: Logger): ErrorRequestHandler =>
  (thrown: unknown, _request, response, _next) => {
    const { gatewayRequestId } = contextOf(response);
    logger.error({ gatewayRequestId, err: thrown }, 'an error could not be answered');
    response.destroy();
  };
