// Puts the simulated world below the gateway: for files of `src/`, modules that reach outside of the process are replaced. What
// is imported after this module has been evaluated gets the substitutes.
import { registerHooks } from 'node:module';
import { replaceGlobals } from './globals.ts';

const here = (name: string): string => new URL(`./${name}.ts`, import.meta.url).href;
const source = new URL('../../src/', import.meta.url).href;

/** By the name that the importing file uses. */
const byName: Readonly<Record<string, string>> = {
  'node:crypto': here('node-crypto'),
  'node:fs': here('node-fs'),
  'node:fs/promises': here('node-fs-promises'),
  'node:timers/promises': here('node-timers-promises'),
  '@redis/client': here('redis-client'),
  'jose/jws/compact/verify': here('jose-compact-verify'),
  undici: here('undici'),
};

/** By the file of `src/`. */
const byFile: Readonly<Record<string, string>> = {
  'app.ts': here('app'),
  'http/docs/documents.ts': here('documents'),
  'http/listener/create-listener.ts': here('listeners'),
  'identity/trusted-issuers.ts': here('trusted-issuers'),
  'identity/verify-token.ts': here('verify-token'),
  'policy/store/load-in-worker.ts': here('load-in-worker'),
};

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = (url: string) => ({ url, format: 'module-typescript', shortCircuit: true });
    if (!context.parentURL?.startsWith(source)) return nextResolve(specifier, context);
    const named = byName[specifier];
    if (named !== undefined) return resolved(named);
    if (!specifier.startsWith('.')) return nextResolve(specifier, context);
    const file = new URL(specifier, context.parentURL).href;
    const replaced = file.startsWith(source) ? byFile[file.slice(source.length)] : undefined;
    return replaced === undefined ? nextResolve(specifier, context) : resolved(replaced);
  },
});
replaceGlobals();
