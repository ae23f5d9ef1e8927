// Which two cores a measurement uses: one for the candidate alone, the other for the load and what stands for the
// upstream.
import { readFileSync } from 'node:fs';

export interface Cores {
  readonly candidate: number;
  readonly load: number;
}

/** Of the cores that this process may use. Throws when there is only one: then both sides would fight for it. */
export function chooseCores(): Cores {
  const status = readFileSync('/proc/self/status', 'latin1');
  const list = /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? '';
  const cores = list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  const [load, candidate] = cores;
  if (load === undefined || candidate === undefined) throw new Error('a measurement needs two cores');
  return { load, candidate };
}
