/** How far something is, on standard error: a bar that moves on a terminal, now and then a plain line elsewhere. */
export interface Progress {
  at(count: number): void;
  end(): void;
}

const barWidth = 30;
const linesEveryMs = 2_000;
const barEveryMs = 100;

/** `total`: null where nobody knows yet. */
export function openProgress(stream: NodeJS.WriteStream, what: string, total: number | null): Progress {
  const startedAt = Date.now();
  // Without a terminal, what is over soon needs no line.
  let toldAt = stream.isTTY ? 0 : startedAt;
  let isOpen = false;

  function told(count: number): string {
    const perSecond = Math.round(count / Math.max(0.001, (Date.now() - startedAt) / 1000));
    const of = total === null ? '' : ` of ${total.toLocaleString('en')}`;
    return `${what} ${count.toLocaleString('en')}${of}, ${perSecond.toLocaleString('en')}/s`;
  }

  function bar(count: number): string {
    if (total === null || total === 0) return '';
    const full = Math.round((Math.min(count, total) / total) * barWidth);
    return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] `;
  }

  return {
    at(count) {
      const now = Date.now();
      const isLast = stream.isTTY && count === total;
      if (!isLast && now - toldAt < (stream.isTTY ? barEveryMs : linesEveryMs)) return;
      toldAt = now;
      if (stream.isTTY) {
        isOpen = true;
        stream.write(`\r\u001b[K${bar(count)}${told(count)}`);
      } else stream.write(`${told(count)}\n`);
    },
    end() {
      if (isOpen) stream.write('\n');
    },
  };
}
