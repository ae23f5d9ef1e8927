// A checker of Stryker that lets a random sample of the mutants pass, chosen by a seed; the others count as not made at all.
import { createHash } from 'node:crypto';

class Sample {
  #chosen = new Set();
  #options;

  constructor({ sample }) {
    this.#options = sample;
  }

  init() {}

  /** Gets all mutants at once, and gives them back as one group. */
  group(mutants) {
    const { size, seed } = this.#options;
    const rank = ({ fileName, location, mutatorName, replacement }) =>
      createHash('sha256')
        .update(
          JSON.stringify([seed, fileName.replace(/^.*\/src\//, ''), location, mutatorName, replacement]),
        )
        .digest('hex');
    const ranked = mutants.map((mutant) => ({ id: mutant.id, rank: rank(mutant) }));
    ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
    this.#chosen = new Set(ranked.slice(0, size).map(({ id }) => id));
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
