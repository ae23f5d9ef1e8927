// The log of the process: one JSON object per line. It contains only fields that the caller names, and of errors only an
// allow-list of properties, so that no header or body gets into it.
import { type Logger, pino, stdTimeFunctions } from 'pino';
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

/** Type, code, message, stack and cause of an error, but no properties that libraries add. */
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
