import type { Command } from 'commander';
import type { Console } from './output/console.ts';

/**
 * Adds one command to its parent: its arguments, its options and its action. The client of the database is loaded by
 * `connectMember`, so that help and completion start without it.
 */
export type AddCommand = (parent: Command, console: Console) => void;
