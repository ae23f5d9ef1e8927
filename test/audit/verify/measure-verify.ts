// Checks the log that it is given and prints, as JSON, what is held in memory after each part of it: run in a process of
// its own, whose heap is bounded and whose garbage can be collected.
import { verifyLogs } from '../../../src/audit/verify/verify-logs.ts';

const [path = '', everyBytes = ''] = process.argv.slice(2);
const held: number[] = [];
let read = 0;
const { records, chains, findings } = await verifyLogs([path], {
  onRead: (bytes) => {
    read += bytes;
    if (read < (held.length + 1) * Number(everyBytes)) return;
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    held.push(heapUsed + external);
  },
});
process.stdout.write(JSON.stringify({ records, chains, findings: findings.length, held }));
