import type { OutputStream } from './console.ts';

/** Progress on standard error: a bar on a terminal, a line now and then elsewhere. */
export interface Progress {
  update(count: number): void;
  end(): void;
}

const barWidth = 30;
const linesEveryMs = 2_000;
const barEveryMs = 100;

/** `total` is null while it is unknown. */
export function openProgress(stream: OutputStream, verb: string, total: number | null): Progress {
  const startedAt = Date.now();
  // Without a terminal, short work prints no line.
  let writtenAt = stream.isTTY ? 0 : startedAt;
  let isOpen = false;
  return {
    update(count) {
      const now = Date.now();
      const isLast = stream.isTTY && count === total;
      if (!isLast && now - writtenAt < (stream.isTTY ? barEveryMs : linesEveryMs)) return;
      writtenAt = now;
      const text = progressText(verb, count, total, now - startedAt);
      if (stream.isTTY) {
        isOpen = true;
        stream.write(`\r\u001b[K${progressBar(count, total)}${text}`);
      } else stream.write(`${text}\n`);
    },
    end() {
      if (isOpen) stream.write('\n');
    },
  };
}

function progressText(verb: string, count: number, total: number | null, elapsedMs: number): string {
  const perSecond = Math.round(count / Math.max(0.001, elapsedMs / 1000));
  const of = total === null ? '' : ` of ${total.toLocaleString('en')}`;
  return `${verb} ${count.toLocaleString('en')}${of}, ${perSecond.toLocaleString('en')}/s`;
}

function progressBar(count: number, total: number | null): string {
  if (total === null || total === 0) return '';
  const full = Math.round((Math.min(count, total) / total) * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] `;
}
