// The process's log: one JSON object a line. Serialises nothing but what is handed to it by name; an error's stack is
// for operators, and there is no place where a header or a body could get in.
import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from '../errors.ts';
import { boundLine } from './bound-line.ts';
import type { LineWriter } from './line-writer.ts';

export type { Logger };

export function createLogger(level: string, writer: LineWriter): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    { write: (line: string) => writer.log(boundLine(line)) },
  );
}

export const logAt = (logger: Logger, level: LogLevel, fields: object, message: string): void =>
  logger[level](fields, message);

/** Type, code, message and stack of an error and of what caused it; none of the other properties that libraries add. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack, cause } = error;
  const code = (error as NodeJS.ErrnoException).code;
  return {
    type: name,
    message,
    ...(code === undefined ? {} : { code }),
    ...(stack === undefined ? {} : { stack }),
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
  };
}
