// A secret that can be used but not shown: every way of printing it gives `[secret]`. One that comes from a file is
// read again at each use, so that a rotated secret needs no restart.
import { inspect } from 'node:util';
import { readRegularFile, readRegularFileSync } from '../regular-file.ts';

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

  /** What `accepts` refuses is not used, as at the start. `variable` names the file in messages. */
  static ofFile(path: string, variable: string, accepts: (value: string) => boolean = () => true): Secret {
    return new Secret(async () => {
      const { value, problem } = secretIn(await readRegularFile(path));
      if (problem !== undefined) throw new Error(`${variable} names ${problem}`);
      if (!accepts(value)) throw new Error(`${variable} names a file with a value that is not accepted`);
      return value;
    });
  }

  /** The secret itself. Rejects when its file cannot be read or has a fault; the message never holds the content. */
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

/** The secret in a file, or what is wrong with the file, in words that hold nothing of it. */
type SecretText =
  | { readonly value: string; readonly problem?: undefined }
  | { readonly value?: undefined; readonly problem: string };

export function readSecretFile(path: string): SecretText {
  let bytes: Buffer;
  try {
    bytes = readRegularFileSync(path);
  } catch {
    return { problem: 'no readable file' };
  }
  return secretIn(bytes);
}

/** An editor's one line break at the end is not part of the secret. Anything else that nobody sees is refused. */
function secretIn(bytes: Buffer): SecretText {
  if (/^(\xff\xfe|\xfe\xff)/.test(bytes.toString('latin1')) || bytes.includes(0))
    return { problem: 'a UTF-16 file' };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { problem: 'a file that is not UTF-8' };
  }
  if (text.startsWith('\ufeff')) return { problem: 'a file with a byte-order mark' };
  const value = text.replace(/\r?\n$/, '');
  if (value.trim() === '') return { problem: 'an empty file' };
  return value === value.trim() ? { value } : { problem: 'a file with white space around the secret' };
}
