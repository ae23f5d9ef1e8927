// Every surface that `npm run fuzz` covers, by its name.
import { startAuditLogSurface } from './audit-log-surface.ts';
import type { FuzzCase } from './case.ts';
import { fuzzCase } from './cases.ts';
import { issuersSurface } from './issuers-surface.ts';
import { FuzzRun } from './run.ts';
import { startStoredAnswerSurface } from './stored-answer-surface.ts';
import type { Surface } from './surface.ts';
import { vpcRegistrySurface } from './vpc-registry-surface.ts';
import { startWorld } from './world.ts';

const starts = {
  http: startHttpSurface,
  issuers: () => Promise.resolve(issuersSurface),
  'vpc-registry': () => Promise.resolve(vpcRegistrySurface),
  'audit-log': startAuditLogSurface,
  'stored-answer': startStoredAnswerSurface,
};

export type SurfaceName = keyof typeof starts;
export const surfaceNames = Object.keys(starts) as SurfaceName[];

export const startSurface = (name: SurfaceName): Promise<Surface<unknown>> =>
  starts[name]() as Promise<Surface<unknown>>;

/** One case at a time; `fuzz.ts` puts many at once to the gateway. */
async function startHttpSurface(): Promise<Surface<FuzzCase>> {
  const world = await startWorld();
  const run = new FuzzRun(world);
  return {
    arbitrary: fuzzCase,
    size: (fuzz) => JSON.stringify(fuzz).length,
    check: (fuzz) => run.check(fuzz),
    async stop() {
      run.close();
      await world.stop();
    },
  };
}
