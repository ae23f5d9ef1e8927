// Writes what kustomize makes of each overlay to where the tests look for it. Needs kubectl; to be run after each change in
// deploy/kubernetes.
import { writeFileSync } from 'node:fs';
import { overlays, renderedFile, renderedText } from './manifests.ts';

for (const overlay of overlays) writeFileSync(renderedFile(overlay), renderedText(overlay));
