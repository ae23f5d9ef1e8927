// The creators in the audit log are read after the start, however long the log cannot be read at first.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CreatorLog } from '../../src/fleet/creator-log.ts';
import type { LineWriter } from '../../src/logging/line-writer.ts';
import { createLogger } from '../../src/logging/logger.ts';
import { MemoryCreators } from '../../src/state/creators/creator-store.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const logger = createLogger('silent', { log: () => undefined } as unknown as LineWriter);

test('a log that cannot be read is read again later', async (t) => {
  const folder = join(temporaryFolder(), 'not-there-yet');
  const log = new CreatorLog(new MemoryCreators(), logger);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  await log.read(join(folder, 'audit.log'), 'a-chain');
  assert.equal(log.isRead, false);
  await mkdir(folder);
  await writeFile(join(folder, 'audit.log'), '');
  t.mock.timers.tick(30_000);
  t.mock.timers.reset();
  await until('the log is read', () => log.isRead);
});
