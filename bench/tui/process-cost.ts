import { readFileSync } from 'node:fs';

/** Kernel ticks are hundredths of a second on Linux. */
const tickMs = 10;
const pageBytes = 4096;

export interface Cost {
  readonly cpuMs: number;
  readonly rssMb: number;
}

/** Returns the CPU time and the memory of a process up to now. */
export function costOf(pid: number): Cost {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold anything; what follows it is numbers.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0] = [fields[11], fields[12]];
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return { cpuMs: (user + system) * tickMs, rssMb: (pages * pageBytes) / 1e6 };
}
