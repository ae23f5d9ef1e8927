// Generates tokens from good to garbage. A token counts as good only because the mint made it so: whatever text it did not
// put down as valid is one that must not pass.
import fc from 'fast-check';
import { anyText, printable } from './texts.ts';

/** Whom the mint makes good tokens for, over and over. */
export const profiles = [
  'payments',
  'create-only',
  'reader',
  'array-of-scopes',
  'permissions',
  'roles',
  'stranger',
  'no-scope',
  'unicode',
  'audiences',
  'large',
  'grouped',
] as const;
export type Profile = (typeof profiles)[number];

export type TokenSpec =
  | { readonly kind: 'none' }
  | { readonly kind: 'good'; readonly profile: Profile; readonly scheme: string }
  /** Signed by the issuer's key; members of both replace or (as `@absent@`) remove what a good token has. */
  | { readonly kind: 'signed'; readonly claims: Json; readonly header: Json }
  /** Signed by the issuer's key, whatever the text. */
  | { readonly kind: 'payload'; readonly text: string }
  | { readonly kind: 'forged'; readonly how: (typeof forgeries)[number]; readonly header: Json }
  /** A good token that was changed. */
  | {
      readonly kind: 'changed';
      readonly profile: Profile;
      readonly segment: number;
      readonly at: number;
      readonly change: string;
    }
  /** The values of the Authorization headers as they are; `@TOKEN@` stands for a good token. */
  | { readonly kind: 'raw'; readonly values: readonly string[] };

export type Json = Readonly<Record<string, unknown>>;

export const forgeries = ['none', 'public-key-as-secret', 'another-key', 'key-in-header', 'empty'] as const;

export const absent = '@absent@';

const odd = fc.oneof(
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      null,
      0,
      -1,
      '',
      ' ',
      [],
      {},
      true,
      '@1e309@',
      '@-1e309@',
      '@-0@',
      '\ud800',
    ),
  },
  { weight: 1, arbitrary: anyText(40) },
  { weight: 1, arbitrary: fc.constant(absent) },
  // So many arrays in one another, as far as a header of 16 KB has room for them.
  { weight: 1, arbitrary: fc.constantFrom(50, 500, 4000).map((depth) => `@deep ${depth}@`) },
);

const times = fc.oneof(
  fc.constantFrom<unknown>(0, -1, 1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 63, 1e300, '@1e309@', '@-1e309@'),
  fc.constantFrom<unknown>(4_102_444_800, 4_102_444_800.5, 946_684_800, '4102444800', 4_102_444_800_000),
  fc.double(),
  odd,
);

const scopes = fc.oneof(
  fc.constantFrom<unknown>(
    'update:database',
    'read:database update:database',
    ['update:database', 7, null],
    'update:database\tread:database',
    'Update:Database',
    'update:databases',
    { 'update:database': true },
    [['update:database']],
  ),
  odd,
);

const claims = fc.oneof(
  fc.dictionary(
    fc.constantFrom('iss', 'aud', 'sub', 'jti', 'client_id', 'azp', 'cnf', 'groups', 'act'),
    odd,
    {
      maxKeys: 3,
    },
  ),
  fc.dictionary(fc.constantFrom('exp', 'nbf', 'iat'), times, { maxKeys: 2 }),
  fc.dictionary(fc.constantFrom('scope', 'scp', 'permissions', 'roles', 'realm_access'), scopes, {
    maxKeys: 3,
  }),
  fc.dictionary(anyText(12), odd, { maxKeys: 4 }),
);

const url = fc.constantFrom('https://127.0.0.1:1/keys', 'file:///etc/passwd', 'http://169.254.169.254/');
const header = fc.oneof(
  fc.dictionary(
    fc.constantFrom('alg', 'kid', 'typ', 'cty', 'crit', 'b64', 'zip', 'enc', 'jwk', 'x5c', 'x5t', 'iss'),
    odd,
    { maxKeys: 3 },
  ),
  fc.record(
    {
      alg: fc.constantFrom(
        'none',
        'None',
        'HS256',
        'RS256',
        'PS256',
        'ES384',
        'ES256K',
        'EdDSA',
        'es256',
        'ES256',
      ),
      kid: fc.constantFrom('@kid@', '@other-kid@', '../../dev/null', "' or 1=1 --", '', 'k'.repeat(3000)),
      typ: fc.constantFrom('JWT', 'at+jwt', 'dpop+jwt', 'logout+jwt', 'secevent+jwt'),
      crit: fc.constantFrom<unknown>(['b64'], ['exp'], [], ['b64', 'b64'], 'b64', ['']),
      b64: fc.constantFrom<unknown>(true, false, 'false', 0),
      jku: url,
      x5u: url,
    },
    { requiredKeys: [] },
  ),
);

const profile = fc.constantFrom(...profiles);
const flipped = fc
  .nat(63)
  .map((index) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[index] ?? '');
const change = fc.oneof(
  { weight: 4, arbitrary: flipped },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '',
      '=',
      '==',
      '.',
      '..',
      '+',
      '/',
      '%',
      ' ',
      '\t',
      '~',
      'AAAA',
      ',',
      '"',
      '\u00e9',
      '\u00a0',
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 5 }).map(printable) },
);

const raws = fc.oneof(
  fc.constantFrom<readonly string[]>(
    [''],
    ['Bearer'],
    ['Bearer '],
    ['@TOKEN@'],
    ['Bearer:@TOKEN@'],
    ['Bearer\t@TOKEN@'],
    ['Basic dXNlcjpwYXNzd29yZA=='],
    ['DPoP @TOKEN@'],
    ['Digest username="a", response="b"'],
    ['Negotiate YII='],
    ['Bearer @TOKEN@, Bearer @TOKEN@'],
    ['Bearer @TOKEN@ @TOKEN@'],
    ['Bearer "@TOKEN@"'],
    ['Bearer @TOKEN@', 'Bearer @TOKEN@'],
    ['Bearer a.b.c', 'Bearer @TOKEN@'],
    ['Bearer @TOKEN@', ''],
    ['Bearer @TOKEN@.@TOKEN@'],
    ['Bearer a.b.c.d.e'],
    [`Bearer ${'a'.repeat(4000)}.${'b'.repeat(4000)}.${'c'.repeat(4000)}`],
    [`Bearer ${'.'.repeat(9000)}`],
  ),
  fc.string({ maxLength: 60 }).map((text) => [printable(text)]),
  fc.array(
    fc.string({ minLength: 1, maxLength: 30 }).map((text) => `Bearer ${printable(text)}`),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  fc
    .array(fc.jsonValue({ maxDepth: 1 }), { minLength: 2, maxLength: 4 })
    .map((values) => [
      `Bearer ${values.map((value) => Buffer.from(JSON.stringify(value)).toString('base64url')).join('.')}`,
    ]),
);

const payloads = fc.oneof(
  fc.constantFrom(
    '',
    'null',
    '[]',
    '17',
    '"text"',
    '{',
    '{}',
    '\ufeff{}',
    '{"iss":1e309}',
    `{"iss":${'['.repeat(4000)}${']'.repeat(4000)}}`,
  ),
  fc.json({ maxDepth: 3 }),
  anyText(80),
);

export const goodToken: fc.Arbitrary<TokenSpec> = fc.record({
  kind: fc.constant('good' as const),
  profile: fc.oneof(
    { weight: 6, arbitrary: fc.constant<Profile>('payments') },
    { weight: 4, arbitrary: profile },
  ),
  scheme: fc.oneof(
    { weight: 8, arbitrary: fc.constant('Bearer ') },
    { weight: 1, arbitrary: fc.constantFrom('bearer ', 'BEARER  ', 'bEaReR   ') },
  ),
});

export const hostileToken: fc.Arbitrary<TokenSpec> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'none' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('signed' as const), claims, header: fc.constant({}) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('signed' as const), claims: fc.constant({}), header }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('payload' as const), text: payloads }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('forged' as const),
      how: fc.constantFrom(...forgeries),
      header,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('changed' as const),
      profile,
      segment: fc.nat(3),
      at: fc.nat(20_000),
      change,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('raw' as const), values: raws }) },
);
