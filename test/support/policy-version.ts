// The version of a policy, worked out another way than the gateway does: the text that is hashed is
// put together as a whole first.
import { createHash } from 'node:crypto';

/** `lists`: the files that the policy names, by name, in the order in which it names them first. */
export function versionOf(
  policy: string | Buffer,
  lists: Readonly<Record<string, string | Buffer>> = {},
): string {
  const parts = Object.entries({ '': policy, ...lists }).flatMap(([name, content]) => {
    const bytes = Buffer.from(content);
    return [Buffer.from(name), Buffer.of(0), Buffer.from(String(bytes.length)), Buffer.of(0), bytes];
  });
  return createHash('sha256').update(Buffer.concat(parts)).digest('hex');
}
