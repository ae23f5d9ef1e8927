// One log line for every request, with the members named here and no others: no header, no query, no body, no path of
// the caller's, no token.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Response } from 'express';
import { type HttpLogger, pinoHttp } from 'pino-http';
import { errorRules } from '../errors.ts';
import type { Logger } from '../log/logger.ts';
import { contextOf } from './request-context.ts';

export const accessLog = (logger: Logger): HttpLogger =>
  pinoHttp({
    logger,
    wrapSerializers: false,
    serializers: { req: nothing, res: nothing, err: nothing },
    customAttributeKeys: { responseTime: 'durationMs' },
    customProps: (request, response) => describe(request, response as Response),
    customLogLevel: (_request, response) => {
      const { code } = contextOf(response as Response);
      return code === undefined ? 'info' : errorRules[code].level;
    },
    customSuccessMessage: () => 'request served',
    customErrorMessage: () => 'request served',
    customErrorObject: (_request, _response, _error, fields) => ({
      durationMs: (fields as { durationMs?: number }).durationMs,
    }),
  });

function nothing(): undefined {
  return undefined;
}

function describe(request: IncomingMessage, response: Response<unknown> & ServerResponse): object {
  const { gatewayRequestId, requestId, clientAddress, route, caller, code, decision } = contextOf(response);
  return {
    method: request.method,
    route: route.template,
    status: response.statusCode,
    code,
    gatewayRequestId,
    requestId,
    clientAddress,
    issuer: caller?.issuer,
    subject: caller?.subject,
    decision: decision?.effect,
    answered: response.writableFinished,
  };
}
