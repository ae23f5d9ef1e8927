// Each exception to what is promised can be shown, and is documented with what an operator can do about it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { exceptions } from '../../simulation/exceptions.ts';
import { runPlan } from '../../simulation/simulate.ts';

for (const { name, plan, shows } of exceptions)
  test(`not promised, and no more than that happens: ${name}`, async () => {
    const { coverage, violations } = await runPlan(plan);
    assert.ok((coverage.get(shows) ?? 0) > 0, `${shows} does not happen`);
    assert.deepEqual(violations, []);
  });

test('the documentation has a paragraph on each exception, and its seed', () => {
  const guide = readFileSync('docs/reliability.md', 'utf8');
  for (const { name, plan } of exceptions)
    assert.ok(guide.includes(`**${name}** (\`${plan.seed}\`)`), `${name} (${plan.seed})`);
});
