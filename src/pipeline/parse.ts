// Parses body, path and query of a request strictly. Reports all faults at once and passes on only validated values.
import { readStrictJson } from '../net/strict-json.ts';
import type { Parsed, Scoped } from '../request/request.ts';
import type { Operation } from './operation.ts';
import { Faults, requestInvalid } from './request-faults.ts';

/** Rejects with `request-invalid`, `media-type-unsupported`, `body-too-large` or `request-malformed`. */
export const parse = (operation: Operation, request: Scoped): Promise<Parsed> =>
  request.stages.run('parse', async () => {
    const { params, query, headers, readBody } = request.raw;
    const faults = new Faults();
    const body = operation.readsBody ? parseJson(await readBody(), faults) : undefined;
    const target = operation.parse({ params, query: new URLSearchParams(query), headers, body }, faults);
    if (target === undefined || faults.any()) throw requestInvalid(faults);
    return { ...request, target };
  });

function parseJson(bytes: Buffer, faults: Faults): unknown {
  const json = readStrictJson(bytes);
  if ('value' in json) return json.value;
  faults.reject('', json.fault);
  throw requestInvalid(faults);
}
