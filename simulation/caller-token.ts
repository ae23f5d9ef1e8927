// Tokens of the callers of this world. They are no secrets, but look for an auditor as if they were: none may be in a record.

interface Claims {
  readonly iss: string;
  readonly sub: string;
  readonly jti: string;
  readonly scope: string;
  readonly exp: number;
}

export const issuer = 'https://idp.example';
/** Stands in every secret of this world, so that one search finds them all. */
export const secretMark = 'kept-secret-';

export function tokenOf(subject: string): string {
  const scope = 'update:database read:database delete:database';
  const claims: Claims = { iss: issuer, sub: subject, jti: `id-of-${subject}`, scope, exp: 32_503_680_000 };
  return `${secretMark}${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
}

export const readToken = (token: string): Claims =>
  JSON.parse(Buffer.from(token.slice(secretMark.length), 'base64url').toString()) as Claims;
