/**
 * Options of Node for a program that is idle nearly always: a small heap of young objects, and one helper thread. They save
 * 5 MiB each. The Dockerfiles have the same.
 */
export const idleNodeOptions = ['--max-semi-space-size=2', '--v8-pool-size=1'] as const;
