// Reads the raw header fields of a request. Node's `headers` joins or drops duplicates.

/** Every value of a field. `rawHeaders`: names and values in turn. `name`: in lower case. */
export function valuesOf(name: string, rawHeaders: readonly string[]): string[] {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const field = rawHeaders[at] as string;
    if (field.length === name.length && field.toLowerCase() === name)
      values.push(rawHeaders[at + 1] as string);
  }
  return values;
}
