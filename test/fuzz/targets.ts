// Generates request targets and methods: paths with things in them that are no part of a path, queries, other forms.
import fc from 'fast-check';
import { canary, clusterIds, peeringsOf } from './case.ts';
import { knownCluster, knownPeerings } from './peerings.ts';
import { printable } from './texts.ts';

export const goodPath = fc.oneof(
  { weight: 8, arbitrary: fc.constant(peeringsOf(clusterIds[0])) },
  { weight: 8, arbitrary: fc.constant(peeringsOf(clusterIds[1])) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(peeringsOf(clusterIds[2]), peeringsOf(clusterIds[0].toUpperCase())),
  },
);
export const goodPeeringPath = fc
  .constantFrom(...knownPeerings)
  .map(({ id }) => `${peeringsOf(knownCluster)}/${id}`);
const anyGoodPath = fc.oneof({ weight: 2, arbitrary: goodPath }, { weight: 1, arbitrary: goodPeeringPath });
const encoded = fc.constantFrom(
  '%2f',
  '%2F',
  '%2e',
  '%2e%2e%2f',
  '..',
  '.',
  '//',
  '%00',
  '%',
  '%zz',
  '%c0%ae',
  ';a=b',
  '\\',
  '%5c',
  '#',
  '@',
  ':',
  '~',
  '*',
  '%20',
  '|',
);
const query = fc.oneof(
  fc.constantFrom(
    '',
    'dryRun=true',
    'dryRun=false',
    'dryRun=TRUE',
    'dryRun=',
    'dryRun',
    'dryRun=true&dryRun=false',
    'dryRun=false&dryRun=true',
    'dry%52un=true',
    'dryRun=%74rue',
    'dryRun=true#x',
    'dryRun[]=true',
    'dryrun=true',
    'wait=active',
    'wait=active&timeoutSeconds=1',
    'wait=active&timeoutSeconds=301',
    'wait=ACTIVE',
    'timeoutSeconds=5',
    'limit=1&offset=0',
    'limit=100',
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1e1',
    'limit=0x10',
    'limit=%31',
    'limit=+1',
    'limit=1&limit=2',
    'offset=9007199254740991',
    'offset=9007199254740992',
    'offset=99999999999999999999',
    `x=${canary}`,
    '&&&=&',
    '__proto__=1',
    'constructor[prototype]=1',
  ),
  fc.string({ maxLength: 20 }).map(inTarget),
  fc.constantFrom(500, 5000, 16_000).map((length) => 'a'.repeat(length)),
);
export const target = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(anyGoodPath, query).map(([path, rest]) => `${path}?${rest}`) },
  {
    weight: 3,
    arbitrary: fc.tuple(anyGoodPath, fc.nat(120), encoded, fc.boolean()).map(([path, at, put, instead]) => {
      const place = at % (path.length + 1);
      return `${path.slice(0, place)}${put}${path.slice(place + (instead ? 1 : 0))}`;
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          'http://gateway.test',
          'HTTPS://a:b@evil.example:99',
          'http://',
          'ftp://a',
          '//evil.example',
          '\\\\a',
        ),
        anyGoodPath,
      )
      .map(([before, path]) => `${before}${path}`),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '*',
      '/',
      '//',
      '/?',
      '/policy/effective',
      '/policy/effective?a=b',
      '/policy/effective/',
      '/database',
      '/healthz',
      '/metrics',
      `/${canary}`,
      'gateway.test:443',
      '/database/clusters//vpc-peerings',
      `${peeringsOf(knownCluster)}/`,
      `${peeringsOf(knownCluster)}/${knownPeerings[0]?.id}/`,
      `${peeringsOf(knownCluster)}/*`,
      `${peeringsOf(knownCluster)}/00000000-0000-4000-8000-000000000000`,
      `${peeringsOf(clusterIds[0])}/${knownPeerings[0]?.id}`,
      '/favicon.ico',
      '?',
      '/.',
    ),
  },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 40 }).map((path) => `/${inTarget(path)}`) },
);

export const method = fc.constantFrom(
  'GET',
  'POST',
  'HEAD',
  'OPTIONS',
  'PUT',
  'PATCH',
  'DELETE',
  'TRACE',
  'PROPFIND',
  'QUERY',
  'LINK',
  'CONNECT',
);

/** Without what would end the request line. */
function inTarget(given: string): string {
  return printable(given).replaceAll(/[\s\x80-\xff]/g, '_');
}
