// One log line for every request, with the members named here and no others, but for what the refusal of a token adds to
// diagnose it: no header, no query, no body, no path of the caller's, no token.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Response } from 'express';
import { type HttpLogger, pinoHttp } from 'pino-http';
import { errorRules } from '../../errors.ts';
import type { Logger } from '../../logging/logger.ts';
import { contextOf } from '../request-context.ts';

export const accessLog = (logger: Logger): HttpLogger =>
  pinoHttp({
    logger: childless(logger),
    wrapSerializers: false,
    serializers: { req: nothing, res: nothing, err: nothing },
    customAttributeKeys: { responseTime: 'durationMs' },
    customLogLevel: (_request, response) => {
      const { code } = contextOf(response as Response);
      return code === undefined ? 'info' : errorRules[code].level;
    },
    customSuccessMessage: () => 'request served',
    customErrorMessage: () => 'request served',
    customSuccessObject: (request, response, fields) => lineOf(request, response as Response, fields),
    customErrorObject: (request, response, _error, fields) => lineOf(request, response as Response, fields),
  });

/** pino-http creates a child logger per request, which would cost more than the log line. */
function childless(logger: Logger): Logger {
  const same: Logger = Object.create(logger, { child: { value: () => same } });
  return same;
}

function nothing(): undefined {
  return undefined;
}

/** Built once, at the end: pino-http adds `customProps` twice, and the line would repeat its members. */
function lineOf(
  request: IncomingMessage,
  response: Response<unknown> & ServerResponse,
  fields: unknown,
): object {
  const context = contextOf(response);
  const { gatewayRequestId, requestId, clientAddress, route, code, logged, progress, stages } = context;
  const { caller, decision } = progress?.request ?? {};
  return {
    method: request.method,
    route: route.template,
    status: response.statusCode,
    code,
    ...logged,
    gatewayRequestId,
    requestId,
    clientAddress,
    issuer: caller?.issuer,
    subject: caller?.subject,
    decision: decision?.effect,
    answered: response.writableFinished,
    // OpenTelemetry's names for log fields.
    trace_id: stages.span?.traceId,
    span_id: stages.span?.spanId,
    durationMs: (fields as { durationMs?: number }).durationMs,
  };
}
