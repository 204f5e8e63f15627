import type { Reporter, TestModule } from 'vitest/node';

const most = 15;

/** Lists the slowest files after a run of many. */
export default class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= most) return;
    const lines = modules
      .map((module) => ({ file: module.relativeModuleId, ms: module.diagnostic().duration }))
      .sort((a, b) => b.ms - a.ms)
      .slice(0, most)
      .map(({ file, ms }) => `${String(Math.round(ms / 1000)).padStart(5)} s  ${file}\n`);
    process.stdout.write(`\nThe slowest files:\n${lines.join('')}`);
  }
}
