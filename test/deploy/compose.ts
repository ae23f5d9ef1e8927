// deploy/compose.yaml as Docker Compose reads it: merge keys resolved, and variables left as they are written.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Loose } from '../support/gateway.ts';
import { root } from './manifests.ts';

export const deploy = join(root, 'deploy');
export const compose: Loose = parse(readFileSync(join(deploy, 'compose.yaml'), 'utf8'), {
  merge: true,
  strict: true,
});

/** What Compose would put in for a variable that has a default, or must be given. */
export const filledIn = (value: string): string =>
  value.replace(/^\$\{\w+:\?[^}]*(https:\/\/[\w.]+)\}$/, '$1').replace(/^\$\{\w+:-([^}]*)\}$/, '$1');

export const gateways = ['gateway-1', 'gateway-2'];
