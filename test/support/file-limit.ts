// Loaded into the process of every test file: a file that does not end within 10 minutes fails, with what keeps its process
// alive. `--test-timeout` ends a test, and not the process that a forgotten server or child keeps alive.
import { isMainThread } from 'node:worker_threads';

const limitMs = Number(process.env['TEST_FILE_LIMIT_MS'] ?? 600_000);

/** The runner itself, and the threads that a test file starts, have no limit of their own. */
const isTestFile = isMainThread && process.env['NODE_TEST_CONTEXT'] !== undefined;

if (isTestFile)
  setTimeout(() => {
    const resources = process.getActiveResourcesInfo().join(', ');
    process.stderr.write(
      `${process.argv[1]} did not end within ${limitMs} ms; active resources: ${resources}\n`,
    );
    process.exit(1);
  }, limitMs).unref();
