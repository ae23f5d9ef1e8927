// Progress of a long measurement, for somebody who looks on: a file or a pipe gets no line that is written over itself.

/** `text` goes to standard error when that is a terminal, and nowhere otherwise. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(text);
}
