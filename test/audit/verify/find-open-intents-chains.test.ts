// Of a log with several chains, or with records that have no place in one, only the intents of the given chain are open.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { findOpenIntents } from '../../../src/audit/verify/find-open-intents.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { reworded } from './chained-log.ts';
import { IntentLog, now } from './intent-log.ts';

test('an intent of an older chain, a changed one and one without a place are passed over', async () => {
  const path = join(temporaryFolder(), 'audit.log');
  const [older, log] = [new IntentLog(), new IntentLog()];
  older.intent();
  log.intent();
  const changed = reworded(log.cut().trimEnd());
  const open = log.intent();
  const placeless = '{"class_uid":6003,"metadata":{"product":{"name":"peergate"}}}\n';
  await writeFile(path, `${older.cut()}${placeless}${changed}\n${log.cut()}`);
  const { intents } = await findOpenIntents(path, log.head, now);
  assert.deepEqual(
    intents.map(({ line }) => line),
    [4],
  );
  assert.match(JSON.stringify(intents[0]?.record), new RegExp(open.gatewayRequestId));
});
