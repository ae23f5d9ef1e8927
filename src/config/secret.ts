// A secret that can be used but not shown: every way of printing it gives `[secret]`. One that comes from a file is
// read again at each use, so that a rotated secret needs no restart.
import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';

const mask = '[secret]';

/** A secret value, or the file that holds it. */
export class Secret {
  readonly #reveal: () => Promise<string>;

  private constructor(reveal: () => Promise<string>) {
    this.#reveal = reveal;
  }

  static ofValue(value: string): Secret {
    return new Secret(() => Promise.resolve(value));
  }

  /** What `accepts` refuses is not used, as at the start. */
  static ofFile(path: string, accepts: (value: string) => boolean = () => true): Secret {
    return new Secret(async () => {
      const value = secretIn(await readFile(path, 'utf8'));
      if (value === '') throw new Error('the file of a secret is empty');
      if (!accepts(value)) throw new Error('the file of a secret holds what its setting does not accept');
      return value;
    });
  }

  /** The secret itself. Rejects when its file cannot be read, is empty or no good; the message never holds the content. */
  reveal(): Promise<string> {
    return this.#reveal();
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [inspect.custom](): string {
    return mask;
  }
}

/** The secret in a file's text: an editor's line break at the end is not part of it. */
export const secretIn = (text: string): string => text.replace(/\r?\n$/, '');
