import type { CommandOutputRow } from '@hq/shared/rows';

/** The lines of a command's output. A line that came in pieces is one line; only the latest attempt is shown. */
export function outputLines(rows: readonly CommandOutputRow[]): readonly OutputLine[] {
  const attempt = rows.reduce((latest, row) => Math.max(latest, row.attempt), 0);
  const lines: OutputLine[] = [];
  const open: Record<CommandOutputRow['stream'], string> = { stdout: '', stderr: '' };
  for (const { attempt: of, stream, text } of rows) {
    if (of !== attempt) continue;
    const pieces = (open[stream] + text).split('\n');
    open[stream] = pieces.pop() ?? '';
    for (const piece of pieces) lines.push({ stream, text: piece });
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    if (open[stream] !== '') lines.push({ stream, text: open[stream] });
  }
  return lines;
}

export interface OutputLine {
  readonly stream: CommandOutputRow['stream'];
  /** As it came: it must be made plain before it is shown. */
  readonly text: string;
}
