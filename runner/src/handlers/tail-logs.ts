import type { Handler } from '../handler.ts';

export const tailLogs: Handler<'tail_logs'> = async ({ service, lines }, { stack, signal, output }) => {
  let written = 0;
  for await (const line of stack.logs(service, lines, signal)) {
    output.line(line);
    written += 1;
  }
  return { service, lines: written };
};
