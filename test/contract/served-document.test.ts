// What the gateway serves of its contract is what people write.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';

const read = (name: string): string =>
  readFileSync(new URL(`../../openapi/${name}`, import.meta.url), 'utf8');

test('openapi/gateway.json is made from openapi/gateway.yaml as it is (npm run schema)', () => {
  assert.deepEqual(JSON.parse(read('gateway.json')), parse(read('gateway.yaml')));
});
