// A checker of Stryker that lets a random sample of the mutants pass, chosen by a seed, or what survived of an earlier sample;
// the others count as not made at all.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** Names a mutant in every run with this seed. */
const nameOf = (seed, { fileName, location: { start, end }, mutatorName, replacement }) =>
  JSON.stringify([seed, fileName.replace(/^.*\bsrc\//, ''), { start, end }, mutatorName, replacement]);

const orderOf = (name) => createHash('sha256').update(name).digest('hex');

/** In the report of an earlier run; its lines and columns count from 1. */
function survivorsIn(path, seed) {
  const { files } = JSON.parse(readFileSync(path, 'utf8'));
  const from0 = ({ line, column }) => ({ column: column - 1, line: line - 1 });
  return Object.entries(files).flatMap(([fileName, { mutants }]) =>
    mutants
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(({ location: { start, end }, ...mutant }) =>
        nameOf(seed, { ...mutant, fileName, location: { start: from0(start), end: from0(end) } }),
      ),
  );
}

class Sample {
  #chosen = new Set();
  #options;

  constructor({ sample }) {
    this.#options = sample;
  }

  init() {}

  /** Gets all mutants at once, and gives them back as one group. */
  group(mutants) {
    const { size, seed, report } = this.#options;
    const names = mutants.map((mutant) => nameOf(seed, mutant));
    const ordered = names.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
    const chosen = new Set(report === undefined ? ordered.slice(0, size) : survivorsIn(report, seed));
    this.#chosen = new Set(mutants.filter((_, at) => chosen.has(names[at])).map(({ id }) => id));
    return [mutants.map(({ id }) => id)];
  }

  check(mutants) {
    const result = ({ id }) =>
      this.#chosen.has(id) ? { status: 'passed' } : { status: 'compileError', reason: 'not in the sample' };
    return Object.fromEntries(mutants.map((mutant) => [mutant.id, result(mutant)]));
  }
}

const create = (options) => new Sample(options);
create.inject = ['options'];

export const strykerPlugins = [{ kind: 'Checker', name: 'sample', factory: create }];
