import type { CommandRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { Box } from 'ink';
import { type ReactNode, useMemo, useState } from 'react';
import type { Route } from '../app/router.ts';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { useFeed, useOpenFeed, useRowContext, useRows, useUi } from '../app/ui.ts';
import { moveKeys } from '../keys/app-keys.ts';
import type { Binding } from '../keys/binding.ts';
import { commandHandlers, commandKeys } from '../keys/command-keys.ts';
import { gatewayHandlers, gatewayKeys } from '../keys/gateway-keys.ts';
import { outputHandlers, outputKeys } from '../keys/output-keys.ts';
import { CommandFacts, factLines } from '../panels/command-facts.tsx';
import { OutputPanel, useWheel } from '../panels/output-panel.tsx';
import { Notice } from '../widgets/line.tsx';
import { outputLines } from '../widgets/output-lines.ts';
import { Scroll } from '../widgets/scroll.ts';

const keys = [
  ...moveKeys,
  ...commandKeys,
  ...outputKeys,
  ...gatewayKeys,
] as const satisfies readonly Binding[];

export const commandScreen: Screen = {
  name: 'command',
  isList: false,
  keys,
  crumb: () => 'command',
  Component: Command,
};

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
  useWheel(scroll);
  return (
    <ScreenFrame
      keys={keys}
      on={{
        ...outputHandlers(ui, scroll, lines),
        ...gatewayHandlers(ui, gateway),
        ...commandHandlers(ui, command),
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
          <OutputPanel
            title="Output"
            whenEmpty={silenceText(command)}
            lines={lines}
            scroll={scroll}
            width={width}
            height={Math.max(1, height - factLines(command, width) - 2)}
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

function silenceText({ status, completed_at }: CommandRow): string {
  if (status === 'pending') return 'Waiting for the runner to take it.';
  return completed_at === null ? 'No output yet.' : 'It wrote no output.';
}
