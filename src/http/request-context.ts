// What the HTTP layer knows about one request while it is served.
import type { IncomingMessage } from 'node:http';
import type { Response } from 'express';
import type { ErrorCode, GatewayError } from '../errors.ts';
import type { Progress } from '../request/progress.ts';
import type { Stages } from '../telemetry/stages.ts';
import type { Slot } from './middleware/in-flight.ts';
import type { RouteMatch } from './route-table.ts';

export interface RequestContext {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The gateway's own id: `X-Gateway-Request-Id`, a UUID. */
  readonly gatewayRequestId: string;
  /** Sent upstream as `X-Request-Id`. */
  readonly requestId: string;
  /** An IP address. */
  readonly clientAddress: string;
  readonly route: RouteMatch;
  readonly stages: Stages;
  /** Header fields of the answer, whoever writes it: names and values in turn. See `sendAnswer`. */
  readonly fields: string[];
  /** Set by the in-flight limit, so only steps after it have it. */
  slot?: Slot;
  /** Must the answer close its connection, since the gateway stops? Set by the in-flight limit. */
  isLast?: (request: IncomingMessage) => boolean;
  /** Set when the operation begins, or when its request is refused before. */
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
