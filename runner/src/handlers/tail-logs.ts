import { mostKeyLines, withoutCutKey } from '@hq/shared/text';
import type { Handler } from '../handler.ts';

export const tailLogs: Handler<'tail_logs'> = async ({ service, lines }, { stack, signal, output }) => {
  const begin: string[] = [];
  let written = 0;
  const writeBegin = () => {
    // A private key may have begun before the first of these lines.
    for (const line of withoutCutKey(begin.splice(0))) output.line(line);
  };
  try {
    for await (const line of stack.logs(service, lines, signal)) {
      written += 1;
      if (written <= mostKeyLines) begin.push(line);
      else {
        writeBegin();
        output.line(line);
      }
    }
  } finally {
    writeBegin();
  }
  return { service, lines: written };
};
