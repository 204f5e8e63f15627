import type { AgentRow, CommandRow } from '@hq/shared/rows';
import { isFinished } from '@hq/shared/rows';
import { agoOf, counted, plain, plainLine } from '@hq/shared/text';
import { Box } from 'ink';
import { type ReactNode, useLayoutEffect, useMemo, useState } from 'react';
import { z } from 'zod';
import type { Route } from '../app/router.ts';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { useOpenFeed, useRowContext, useRows, useUi } from '../app/ui.ts';
import { agentState } from '../columns/agent-health.ts';
import type { RowContext } from '../columns/row-context.ts';
import { agentHandlers } from '../keys/agent-keys.ts';
import { moveKeys } from '../keys/app-keys.ts';
import type { Binding } from '../keys/binding.ts';
import { outputHandlers, outputKeys } from '../keys/output-keys.ts';
import { OutputPanel, useWheel } from '../panels/output-panel.tsx';
import { wrap } from '../table/cell.ts';
import { Line, Notice, Remark } from '../widgets/line.tsx';
import { type OutputLine, outputLines } from '../widgets/output-lines.ts';
import { Scroll } from '../widgets/scroll.ts';
import { useTheme } from '../widgets/theme.ts';

const aimed = { writes: true, aimsAt: 'agent' } as const;

const keys = [
  ...moveKeys,
  { does: 'pause-agent', keys: ['p'], short: 'pause/resume', about: 'pause or resume the agent', ...aimed },
  { does: 'again', keys: ['A'], short: 'read again', about: 'read the session again', ...aimed },
  { does: 'next', keys: ['n'], about: 'read the agent’s next session', ...aimed },
  ...outputKeys,
] as const satisfies readonly Binding[];

/** The last messages of an agent's session, `route.id`, as its newest command `read_session` has them. */
export const sessionScreen: Screen = {
  name: 'session',
  isList: false,
  keys,
  crumb: () => 'session',
  Component: SessionOfAgent,
};

/** Facts, a line for the error, and an empty one. */
const headLines = 4;

const readResult = z.object({ session: z.string(), messages: z.number(), sessions: z.array(z.string()) });

function SessionOfAgent({ route }: { readonly route: Route }): ReactNode {
  const id = route.id ?? '';
  const ui = useUi();
  const { width, height } = useBodySize();
  const context = useRowContext();
  const agent = context.lookups.agents.get(id) ?? null;
  const reads = useRows(useOpenFeed(() => ui.session.commandsOfAgent(id))).filter(
    ({ action }) => action === 'read_session',
  );
  const [newest] = reads;
  // Keeps what was read before until it is read again.
  const shown = reads.find(({ status }) => status === 'done') ?? newest;
  const [lines, setLines] = useState<readonly OutputLine[]>([]);
  const [scroll] = useState(() => new Scroll());
  const { data: result } = readResult.safeParse(shown?.result);
  const gateway = context.lookups.gateways.get(agent?.gateway_id ?? '') ?? null;
  useWheel(scroll);
  const handlers = agentHandlers(ui, agent);
  return (
    <ScreenFrame
      keys={keys}
      on={{
        ...outputHandlers(ui, scroll, lines),
        'pause-agent': handlers['pause-agent'],
        again: () => agent !== null && ui.agents.readSession(agent, result?.session),
        next: () => agent !== null && ui.agents.readSession(agent, nextOf(result)),
      }}
      crumb="session"
      copyText={result?.session ?? null}
      gateway={gateway}
      agent={agent}
    >
      {agent === null ? (
        <Notice sentences={['There is no such agent here.', 'esc goes back']} height={height} />
      ) : (
        <>
          <SessionFacts agent={agent} read={shown} newest={newest} context={context} />
          <Box flexShrink={0} height={1} />
          {shown === undefined ? (
            <Notice sentences={['Reading the session']} height={height - headLines} />
          ) : (
            <Transcript
              key={shown.id}
              command={shown}
              scroll={scroll}
              onLines={setLines}
              width={width}
              height={Math.max(1, height - headLines - 1)}
            />
          )}
        </>
      )}
    </ScreenFrame>
  );
}

/** Returns the session after the shown one; undefined for the one that changed last. */
function nextOf(result: z.output<typeof readResult> | undefined): string | undefined {
  if (result === undefined) return undefined;
  const { session, sessions } = result;
  return sessions[(sessions.indexOf(session) + 1) % Math.max(1, sessions.length)];
}

interface SessionFactsProps {
  readonly agent: AgentRow;
  readonly read: CommandRow | undefined;
  readonly newest: CommandRow | undefined;
  readonly context: RowContext;
}

function SessionFacts({ agent, read, newest, context }: SessionFactsProps): ReactNode {
  const theme = useTheme();
  const { now } = context;
  const { mark, word, tone } = agentState(agent, context);
  const slug = plain(agent.slug);
  const { data: result } = readResult.safeParse(read?.result);
  const isPaused = agent.status === 'paused';
  const when = read?.completed_at ? `, read ${agoOf(read.completed_at, now)}` : '';
  const isReading = newest !== undefined && !isFinished(newest);
  const others =
    (result?.sessions.length ?? 1) > 1 ? ` · ${result?.sessions.length} sessions, n shows the next` : '';
  return (
    <>
      <Line
        parts={[
          { text: ` ${theme.mark(mark)} ${word}`, tone },
          { text: '  Read only: HQ sends nothing to this session.', tone: 'strong' },
        ]}
      />
      <Line
        parts={[
          {
            text: isPaused
              ? `   ${slug} does nothing until p resumes it.`
              : `   ${slug} is not paused and may go on meanwhile; p pauses it, A reads again.`,
          },
        ]}
      />
      {newest?.status === 'failed' ? (
        <Line
          parts={[{ text: `   ${plain(newest.error_message ?? 'It could not be read.')}`, tone: 'bad' }]}
        />
      ) : (
        <Remark
          text={
            result === undefined || isReading
              ? '   reading …'
              : `   ${plain(result.session)} · ${counted(result.messages, 'message')}${when}${others}`
          }
        />
      )}
    </>
  );
}

interface TranscriptProps {
  readonly command: CommandRow;
  readonly scroll: Scroll;
  readonly onLines: (lines: readonly OutputLine[]) => void;
  readonly width: number;
  readonly height: number;
}

function Transcript({ command, scroll, onLines, ...place }: TranscriptProps): ReactNode {
  const { session } = useUi();
  const rows = useRows(useOpenFeed(() => session.commandOutput(command.id)));
  const lines = useMemo(() => wrapped(outputLines(rows), place.width - 2), [rows, place.width]);
  useLayoutEffect(() => onLines(lines), [lines, onLines]);
  return (
    <OutputPanel title="Session" whenEmpty="It has no messages." lines={lines} scroll={scroll} {...place} />
  );
}

/** Breaks long lines, which a transcript has many of, so that all of it can be read. */
function wrapped(lines: readonly OutputLine[], width: number): readonly OutputLine[] {
  return lines.flatMap(({ stream, text }) => {
    const indent = /^ */.exec(text)?.[0] ?? '';
    const parts = wrap(plainLine(text).trimStart(), Math.max(10, width - indent.length));
    return (parts.length === 0 ? [''] : parts).map((part) => ({ stream, text: indent + part }));
  });
}
