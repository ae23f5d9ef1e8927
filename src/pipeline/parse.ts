// Parses body, path and query of a request strictly. Reports all faults at once and passes on only validated values.
import { invalidField } from '../errors.ts';
import { readStrictJson } from '../net/strict-json.ts';
import type { Parsed, Scoped } from '../request/request.ts';
import type { Operation } from './operation.ts';
import { isFaulty, requestInvalid } from './request-faults.ts';

/** Rejects with `request-invalid`, `media-type-unsupported`, `body-too-large` or `request-malformed`. */
export const parse = (operation: Operation, request: Scoped): Promise<Parsed> =>
  request.stages.run('parse', async () => {
    const { params, query, headers, readBody } = request.raw;
    const body = operation.readsBody ? parseJson(await readBody()) : undefined;
    const target = operation.parse({ params, query: new URLSearchParams(query), headers, body });
    if (isFaulty(target)) throw requestInvalid(target);
    return { ...request, target };
  });

function parseJson(bytes: Buffer): unknown {
  const json = readStrictJson(bytes);
  if ('fault' in json) throw requestInvalid({ missing: [], invalid: [invalidField('', json.fault)] });
  return json.value;
}
