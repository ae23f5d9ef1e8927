// Converts every request target to origin form (RFC 9112 section 3.2): Express answers requests whose target it cannot parse by
// itself. A target without a path becomes an unknown route.

/** RFC 9112 section 3.2.2: a server must accept the absolute form. */
const absoluteForm = /^https?:\/\/[^/?#]*/i;

/** A target must not contain `#`. Encoded, it matches no route and no parameter. */
export function originForm(target: string): string {
  const path = target.replace(absoluteForm, '').replaceAll('#', '%23');
  return path.startsWith('/') ? path : `/${path}`;
}
