import { createLog, logOutput } from '../src/program/log.ts';
import { createRedactor } from '../src/text/index.ts';

/** Logs a line of `size` characters `count` times for each message of its parent, and answers how long that took. */
const log = createLog('info', createRedactor([]));
process.on('message', ({ count, size }: { count: number; size: number }) => {
  const beganAt = performance.now();
  for (let at = 0; at < count; at += 1) log.info('x'.repeat(size));
  const tookMs = performance.now() - beganAt;
  setTimeout(() => process.send?.({ tookMs, problem: logOutput.problem() }), 50);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
