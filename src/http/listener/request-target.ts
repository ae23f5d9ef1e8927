// Brings every request target into origin form (RFC 9112 section 3.2), since Express lets a request whose target it cannot
// parse fall through to an answer of its own. What had no path becomes one that is no route.

/** RFC 9112 section 3.2.2: a server accepts the absolute form, too. */
const absoluteForm = /^https?:\/\/[^/?#]*/i;

/** A `#` has no place in a target; encoded, it is one more character that no route and no parameter has. */
export function originForm(target: string): string {
  const path = target.replace(absoluteForm, '').replaceAll('#', '%23');
  return path.startsWith('/') ? path : `/${path}`;
}
