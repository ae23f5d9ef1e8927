// What the HTTP border knows of one request while it is served.
import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import type { ErrorCode, GatewayError } from '../errors.ts';
import type { Progress } from '../request/progress.ts';
import type { Stages } from '../telemetry/stages.ts';
import type { HeldSlot } from './middleware/in-flight.ts';
import type { RouteMatch } from './route-table.ts';

export interface RequestContext {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The gateway's own id: `X-Gateway-Request-Id`, a UUID. */
  readonly gatewayRequestId: string;
  /** What goes upstream as `X-Request-Id`. */
  readonly requestId: string;
  /** An IP address. */
  readonly clientAddress: string;
  readonly route: RouteMatch;
  readonly stages: Stages;
  /** What the answer's header will have, whoever answers: names and values in turn. See `respond`. */
  readonly fields: string[];
  /** Set by the in-flight limit. Only for steps behind it. */
  slot?: HeldSlot;
  /** Does the answer to this request end its connection, since the gateway stops? Set by the in-flight limit. */
  isLast?: (request: IncomingMessage) => boolean;
  /** Set when the route's operation begins, or refuses before it. */
  progress?: Progress;
  /** Set when the answer is an error. */
  code?: ErrorCode;
  /** What the log line says about the error besides its code. */
  logged?: GatewayError['logged'];
}

const key = Symbol('context');
type WithContext = Response & { [key]: RequestContext };

export const contextOf = (response: Response): RequestContext => (response as WithContext)[key];

export const setContext = (response: Response, context: RequestContext): void => {
  (response as WithContext)[key] = context;
};
