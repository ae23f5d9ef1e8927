// Swagger UI brings a package whose install script reports who installs it. Here it has nothing to say, even where npm
// would run it: an older npm knows nothing of allowScripts.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };
import { startLoopbackServer } from '../../sandbox/loopback-server.ts';
import { finish } from '../commands/run-main.ts';
import { root } from '../docs/documents.ts';
import { endAtExit } from '../support/child-process.ts';
import { folderWith } from './run-script.ts';

const reporter = 'node_modules/@scarf/scarf';

/** Runs the script as npm does after an installation, with this machine in place of its makers'. */
async function report(t: TestContext, settings: object) {
  const requests: string[] = [];
  const makers = await startLoopbackServer((request, response) => {
    requests.push(request.url ?? '');
    response.end();
  });
  t.after(() => makers.close());
  const version = packageJson.dependencies['swagger-ui-dist'];
  const folder = await folderWith({
    'package.json': {
      name: 'x',
      version: '1.0.0',
      dependencies: { 'swagger-ui-dist': version },
      ...settings,
    },
  });
  for (const path of [reporter, 'node_modules/swagger-ui-dist/package.json']) {
    await cp(join(root, path), join(folder, path), { recursive: true });
  }
  // It gives `npm ls` 3 s, which a busy machine does not always keep to.
  const script = join(folder, reporter, 'report.js');
  const text = await readFile(script, 'utf8');
  assert.match(text, /^const execTimeout = 3000$/m);
  await writeFile(script, text.replace('execTimeout = 3000', 'execTimeout = 40_000'));
  const { out, err } = await finish(
    endAtExit(
      spawn(process.execPath, ['report.js'], {
        cwd: join(folder, reporter),
        env: {
          PATH: process.env['PATH'],
          HOME: folder,
          TMPDIR: folder,
          INIT_CWD: folder,
          SCARF_LOCAL_PORT: String(makers.port),
          SCARF_VERBOSE: 'true',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    ),
  );
  return { requests, output: out + err };
}

test('with the settings of package.json the script reports nothing, since they disable it', async (t) => {
  const { scarfSettings } = packageJson;
  const { requests, output } = await report(t, { scarfSettings });
  assert.match(output, /Scarf has been disabled via a package.json/);
  assert.deepEqual(requests, []);
});

test('without them it would report', async (t) => {
  const { requests } = await report(t, {});
  assert.deepEqual(requests, ['/package-event/install']);
});
