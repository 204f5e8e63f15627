import type { CommandRow } from '@hq/shared/rows';
import { plain, plainLine } from '@hq/shared/text';
import { Box } from 'ink';
import { type ReactNode, useLayoutEffect, useMemo, useState } from 'react';
import { errorText } from '../actions/error-text.ts';
import { useInputLayer } from '../app/keyboard.ts';
import type { Route } from '../app/router.ts';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { useStore } from '../app/store.ts';
import { type Ui, useFeed, useOpenFeed, useRowContext, useRows, useUi } from '../app/ui.ts';
import { moveKeys } from '../keys/app-keys.ts';
import type { Binding, Handlers } from '../keys/binding.ts';
import { commandHandlers, commandKeys } from '../keys/command-keys.ts';
import { gatewayHandlers, gatewayKeys } from '../keys/gateway-keys.ts';
import { CommandFacts, factLines } from '../panels/command-facts.tsx';
import { Line, Notice, Rule } from '../widgets/line.tsx';
import { type OutputLine, outputLines } from '../widgets/output-lines.ts';
import { Panel, type Place } from '../widgets/panel.tsx';
import { Scroll } from '../widgets/scroll.ts';
import { useTheme } from '../widgets/theme.ts';

const keys = [
  ...moveKeys,
  ...commandKeys,
  { does: 'follow', keys: ['f'], short: 'follow', about: 'follow the output, or stop following' },
  { does: 'pager', keys: ['v'], short: 'pager', about: 'open the output in $PAGER' },
  ...gatewayKeys,
] as const satisfies readonly Binding[];

export const commandScreen: Screen = {
  name: 'command',
  isList: false,
  keys,
  crumb: () => 'command',
  Component: Command,
};

const wheelLines = 3;

function Command({ route }: { readonly route: Route }): ReactNode {
  const id = route.id ?? '';
  const ui = useUi();
  const { width, height } = useBodySize();
  const context = useRowContext();
  const { command, isMissing } = useCommand(id);
  const rows = useRows(useOpenFeed(() => ui.session.commandOutput(id)));
  const lines = useMemo(() => outputLines(rows), [rows]);
  const [scroll] = useState(() => new Scroll());
  const gateway = context.lookups.gateways.get(command?.gateway_id ?? '') ?? null;
  useInputLayer('screen', (input) => {
    if (input.type !== 'mouse' || (input.kind !== 'wheel-up' && input.kind !== 'wheel-down')) return false;
    scroll.move(input.kind === 'wheel-up' ? -wheelLines : wheelLines);
    return true;
  });
  return (
    <ScreenFrame
      keys={keys}
      on={{
        ...scrollHandlers(scroll),
        ...gatewayHandlers(ui, gateway),
        ...commandHandlers(ui, command),
        follow: () => scroll.toggle(),
        pager: () => void showInPager(ui, lines),
      }}
      crumb={plain(command?.action ?? 'command')}
      copyText={id}
      gateway={gateway}
    >
      {command === null ? (
        <Notice
          sentences={
            isMissing ? ['There is no such command here.', 'esc goes back'] : ['Reading the command']
          }
          height={height}
        />
      ) : (
        <>
          <CommandFacts command={command} context={context} />
          <Box flexShrink={0} height={1} />
          <Output
            command={command}
            lines={lines}
            scroll={scroll}
            width={width}
            height={Math.max(1, height - factLines - 2)}
          />
        </>
      )}
    </ScreenFrame>
  );
}

/** A command by its own feed, or by the newest commands while they are ahead of it. */
function useCommand(id: string): { readonly command: CommandRow | null; readonly isMissing: boolean } {
  const { session } = useUi();
  const { rows, status } = useFeed(useOpenFeed(() => session.command(id)));
  const known = useRows(session.commands).find((row) => row.id === id);
  const [own] = rows;
  const isMissing = status !== 'loading';
  if (own === undefined || known === undefined) return { command: own ?? known ?? null, isMissing };
  // Two feeds may be a moment apart; the row never goes back.
  const isAhead = Date.parse(known.updated_at) > Date.parse(own.updated_at);
  return { command: isAhead ? known : own, isMissing };
}

function scrollHandlers(scroll: Scroll): Handlers<typeof moveKeys> {
  const half = (): number => Math.ceil(scroll.page / 2);
  return {
    down: () => scroll.move(1),
    up: () => scroll.move(-1),
    'half-down': () => scroll.move(half()),
    'half-up': () => scroll.move(-half()),
    'page-down': () => scroll.move(scroll.page),
    'page-up': () => scroll.move(-scroll.page),
    top: () => scroll.toTop(),
    bottom: () => scroll.toBottom(),
  };
}

async function showInPager({ host, messages }: Ui, lines: readonly OutputLine[]): Promise<void> {
  // Many pagers pass on what would move the cursor or worse.
  const text = lines.map((line) => `${plainLine(line.text)}\n`).join('');
  try {
    await host.openPager(text);
  } catch (failure) {
    messages.warn(errorText(failure));
  }
}

interface OutputProps extends Place {
  readonly command: CommandRow;
  readonly lines: readonly OutputLine[];
  readonly scroll: Scroll;
}

function Output({ command, lines, scroll, width, height }: OutputProps): ReactNode {
  const theme = useTheme();
  const { isFollowing } = useStore(scroll.state);
  const top = scroll.topOf(lines.length, height);
  const shown = lines.slice(top, top + height);
  useLayoutEffect(() => {
    scroll.count = lines.length;
    scroll.height = height;
  });
  const position = lines.length === 0 ? [] : [`${top + shown.length} of ${lines.length}`];
  return (
    <>
      <Rule
        title="Output"
        note={[isFollowing ? 'following' : 'paused, f follows', ...position].join(' · ')}
      />
      <Panel width={width} height={height}>
        {lines.length === 0 ? (
          <Notice sentences={[silenceText(command)]} height={height} />
        ) : (
          // Keyed by place: a log that runs would mount every line again for each frame.
          [...shown.entries()].map(([place, { stream, text }]) => (
            <Line
              key={place}
              parts={[
                { text: stream === 'stderr' ? `${theme.mark('warn')} ` : '  ', tone: 'warn' },
                { text: plainLine(text) },
              ]}
            />
          ))
        )}
      </Panel>
    </>
  );
}

function silenceText({ status, completed_at }: CommandRow): string {
  if (status === 'pending') return 'Waiting for the runner to take it.';
  return completed_at === null ? 'No output yet.' : 'It wrote no output.';
}
