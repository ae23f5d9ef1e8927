// The documents that the gateway serves: the contract, and the files below `/docs`. Each is read once, at the start. Files that
// are not listed here are not served.
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Answer } from '../../pipeline/answer.ts';
import { errorsPage } from './errors-page.ts';

/** Answers by path, without the base path. All but the contract have an `ETag`. */
export type Documents = ReadonlyMap<string, Answer>;

interface Source {
  readonly path: string;
  readonly from: URL;
  readonly type: string;
  readonly contentPolicy: string;
  readonly cache: string;
}

const types = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

const policyOf = (directives: Readonly<Record<string, string>>): string =>
  Object.entries({
    'default-src': "'none'",
    ...directives,
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  })
    .map((directive) => directive.join(' '))
    .join('; ');

const ownFiles = {
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self'",
  'connect-src': "'self'",
};

/** Swagger UI's style sheet contains icons as `data:` URLs. */
const contractPagePolicy = policyOf({ ...ownFiles, 'img-src': "'self' data:" });

/** The scripts of these pages write no markup, so the browser may refuse all that would. */
const ownPagePolicy = policyOf({
  ...ownFiles,
  'require-trusted-types-for': "'script'",
  'trusted-types': "'none'",
});

/** Without any script. */
const errorsPagePolicy = policyOf({ 'style-src': "'self'", 'img-src': "'self'" });

/** For what is no page, should somebody open it as one. */
const bareFilePolicy = policyOf({});

/** Revalidated before each use, so that a page never runs with a script of another version. */
const revalidated = 'public, no-cache';
/** For Swagger UI, which is large and compatible with any version of the gateway's own files. */
const kept = 'public, max-age=3600';

const ownFile = (path: string, name: string, contentPolicy = bareFilePolicy): Source => ({
  path,
  from: new URL(`../../pages/${name}`, import.meta.url),
  type: types[name.slice(name.lastIndexOf('.') + 1) as keyof typeof types],
  contentPolicy,
  cache: revalidated,
});

const swaggerFile = (name: 'swagger-ui.css' | 'swagger-ui-bundle.js'): Source => ({
  path: `/docs/${name}`,
  from: new URL(import.meta.resolve(`swagger-ui-dist/${name}`)),
  type: name.endsWith('.css') ? types.css : types.js,
  contentPolicy: bareFilePolicy,
  cache: kept,
});

const sources = (): readonly Source[] => [
  ownFile('/docs', 'contract.html', contractPagePolicy),
  ownFile('/docs/policy', 'policy.html', ownPagePolicy),
  ownFile('/docs/peerings', 'peerings.html', ownPagePolicy),
  ...[
    'pages.css',
    'icon.svg',
    'contract.css',
    'contract.js',
    'contract-view.js',
    'policy.css',
    'policy.js',
    'request-form.js',
    'ask-gateway.js',
    'draw-answer.js',
    'peerings.css',
    'address-map.css',
    'peerings.js',
    'peering-table.js',
    'cluster-map.js',
    'address-map.js',
    'address-blocks.js',
  ].map((name) => ownFile(`/docs/${name}`, name)),
  swaggerFile('swagger-ui.css'),
  swaggerFile('swagger-ui-bundle.js'),
];

/** Rejects if any cannot be read: the gateway must not start with missing pages. */
export async function readDocuments(basePath: string): Promise<Documents> {
  const errors = page(Buffer.from(errorsPage()), errorsPagePolicy);
  const files = sources().map(async (source) => [source.path, await readPage(source)] as const);
  return new Map([
    ['/openapi.json', await readContract(basePath)],
    ['/docs/errors', errors],
    ...(await Promise.all(files)),
  ]);
}

/** The contract, with this instance's base path as its server. */
async function readContract(basePath: string): Promise<Answer> {
  const text = await readFile(new URL('../../../openapi/gateway.json', import.meta.url), 'utf8');
  const contract = JSON.parse(text) as Record<string, unknown>;
  const servers = [{ url: basePath === '' ? '/' : basePath }];
  const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' };
  return { status: 200, headers, body: Buffer.from(JSON.stringify({ ...contract, servers })), shared: true };
}

const readPage = async ({ from, type, contentPolicy, cache }: Source): Promise<Answer> =>
  page(await readFile(from), contentPolicy, type, cache);

const page = (
  body: Buffer,
  contentPolicy: string,
  type: string = types.html,
  cache = revalidated,
): Answer => ({
  status: 200,
  headers: {
    'Content-Type': type,
    'Content-Security-Policy': contentPolicy,
    'Cache-Control': cache,
    // For browsers that do not know frame-ancestors.
    'X-Frame-Options': 'DENY',
    ETag: `"${hash('sha256', body, 'base64url')}"`,
  },
  body,
  shared: true,
});
