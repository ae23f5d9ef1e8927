// Who is calling, taken from a verified token and from nothing else.

/** The caller, as an access token that passed every check says. */
export interface Principal {
  /** `iss` (RFC 7519 section 4.1.1). */
  readonly issuer: string;
  /** `sub`, never empty. */
  readonly subject: string;
  /** `client_id` (RFC 9068 section 2.2), or `azp`, `cid` or `appid` where an issuer has only that. */
  readonly clientId: string | undefined;
  /** `jti`. */
  readonly tokenId: string | undefined;
  /** Its issuer's tokens need no scope (`scopes: none`): only a grant that names the issuer authorizes it. */
  readonly withoutScopes: boolean;
  /** Every scope that the token grants, whichever claim it came in. */
  readonly scopes: ReadonlySet<string>;
  /** All claims, for the policy to match callers by. Never logged and never recorded as a whole. */
  readonly claims: Readonly<Record<string, unknown>>;
}
