// `AUTH_ISSUERS_FILE`: issuers that differ from each other (docs/identity-providers.md). Strict: an unknown member is a fault, and
// a file with any fault is refused as a whole.
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { describePolicyFault } from '../policy/engine/policy-data.ts';
import { contentOf } from '../policy/language/content-of.ts';
import { readYaml } from '../policy/language/read-yaml.ts';
import { text, words } from '../policy/language/value-forms.ts';
import type { IssuerConfig } from './config.ts';
import { defaultAlgorithms, endpointUrl, issuerUrl, signatureAlgorithms } from './readers.ts';

const name = words(500).regex(/^[^\p{Cc}]*$/u, 'must not have control characters');
const names = z
  .array(name)
  .min(1, 'must not be empty: it would refuse every token')
  .refine((values) => new Set(values).size === values.length, 'must name each value once');
const url = (reader: typeof issuerUrl) =>
  text.refine((value) => reader.read(value) !== undefined, `must be ${reader.expected}`);
const isAlgorithm = (value: string) => signatureAlgorithms.read(value) !== undefined && !value.includes(',');

const issuer = z
  .strictObject({
    issuer: url(issuerUrl).meta({ description: 'The issuer, exactly as in the `iss` of its tokens.' }),
    audiences: names.optional().meta({ description: 'A token must carry one of these in `aud`.' }),
    clients: names.optional().meta({
      description:
        'In place of `audiences`, for tokens without `aud`, as Amazon Cognito makes them: the `client_id` must be one of these.',
    }),
    scopes: z.literal('none', 'must be none; leave it out otherwise').optional().meta({
      description: 'Tokens need no scope. Only grants whose conditions name this issuer authorize them.',
    }),
    jwksUri: url(endpointUrl)
      .optional()
      .meta({ description: 'Where the keys are, for an issuer without metadata.' }),
    jwksFile: name.optional().meta({
      description: 'A file that holds the keys; a relative path begins at the folder of this file.',
    }),
    algorithms: z
      .array(text.refine(isAlgorithm, 'is not accepted here'))
      .min(1, 'must not be empty: it would refuse every token')
      .optional()
      .meta({ description: 'Accepted signatures, asymmetric only. Default: RS256, PS256, ES256, EdDSA.' }),
    tokenType: z.literal('at+jwt', 'must be at+jwt').optional().meta({
      description: 'at+jwt: only tokens that conform to RFC 9068.',
    }),
  })
  .refine(({ audiences, clients }) => (audiences === undefined) !== (clients === undefined), {
    message: 'must have one of audiences and clients',
  })
  .refine(({ clients, tokenType }) => clients === undefined || tokenType === undefined, {
    path: ['tokenType'],
    message: 'cannot be there with clients: tokens that conform to RFC 9068 have aud',
  })
  .refine(({ jwksUri, jwksFile }) => jwksUri === undefined || jwksFile === undefined, {
    path: ['jwksFile'],
    message: 'cannot be there with jwksUri',
  })
  .meta({
    description: 'An issuer of access tokens.',
    oneOf: [{ required: ['audiences'] }, { required: ['clients'] }],
  });

/** The form of the file. The descriptions become `openapi/issuers.schema.json`. */
export const issuersDocument = z
  .strictObject({
    issuers: z
      .array(issuer)
      .min(1, 'must not be empty: no token would be accepted')
      .superRefine((issuers, context) => {
        const known = new Set<string>();
        for (const [index, each] of issuers.entries()) {
          if (known.has(each.issuer))
            context.addIssue({ code: 'custom', path: [index, 'issuer'], message: 'is listed already' });
          known.add(each.issuer);
        }
      })
      .meta({ description: 'The issuers whose tokens are accepted.' }),
  })
  .meta({ title: 'peergate issuers', description: 'Whose access tokens are accepted, and by which rules.' });

export type LoadedIssuers =
  | { readonly issuers: readonly IssuerConfig[]; readonly faults?: undefined }
  /** Each with its place, as editors and terminals understand it. */
  | { readonly faults: readonly string[]; readonly issuers?: undefined };

/** Never throws. Stalls the thread for as long as the file takes to answer. */
export const loadIssuersFile = (file: string): LoadedIssuers => readIssuersFile(file, contentOf(file));

/** `bytes`: what the file holds, or the reason why it cannot be read. */
export function readIssuersFile(file: string, bytes: Uint8Array | string): LoadedIssuers {
  if (typeof bytes === 'string') return { faults: [`${file}: cannot be read (${bytes})`] };
  const read = readYaml(file, bytes, issuersDocument);
  if (read.faults !== undefined) return { faults: read.faults.map(describePolicyFault) };
  return {
    issuers: read.value.issuers.map(
      ({ issuer: url, audiences, clients, scopes, jwksUri, jwksFile, algorithms, tokenType }) => ({
        issuer: url,
        audiences,
        clients,
        scopes: scopes ?? 'required',
        jwksUri,
        jwksFile: jwksFile && resolve(dirname(file), jwksFile),
        algorithms: signatureAlgorithms.read(algorithms?.join(',') ?? defaultAlgorithms) ?? [],
        tokenType,
      }),
    ),
  };
}
