import { plain } from '@hq/shared/text';
import { Box } from 'ink';
import { type ReactNode, useMemo } from 'react';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { useIsLoading, useRowContext, useRows, useUi } from '../app/ui.ts';
import { secretsTable } from '../columns/secrets.ts';
import { openKeys } from '../keys/app-keys.ts';
import type { Binding } from '../keys/binding.ts';
import { secretHandlers, secretKeys } from '../keys/secret-keys.ts';
import { SecretFacts } from '../panels/secret-facts.tsx';
import { withOverrides } from '../secrets/secret-overrides.ts';
import { Rule } from '../widgets/line.tsx';
import { useList } from '../widgets/list.ts';
import { Panel } from '../widgets/panel.tsx';
import { Table } from '../widgets/table.tsx';

const keys = [
  ...openKeys,
  { does: 'add', keys: ['a'], short: 'add', about: 'store a new secret', writes: true },
  ...secretKeys,
] as const satisfies readonly Binding[];

export const secretsScreen: Screen = {
  name: 'secrets',
  tab: { title: 'Secrets', aliases: ['sec'], summary: 'Which credentials there are, and where' },
  isList: true,
  keys,
  crumb: () => 'Secrets',
  Component: Secrets,
};

/** From this width on the panel is beside the list instead of below it. */
const wideFrom = 150;
const gap = 2;
/** Rows of the panel below the list, where there is place for both. */
const panelLines = 8;
const leastForBoth = 14;

function Secrets(): ReactNode {
  const ui = useUi();
  const { width, height } = useBodySize();
  const context = useRowContext();
  const stored = useRows(ui.session.secrets);
  const rows = useMemo(() => withOverrides(stored), [stored]);
  const list = useList(ui.list('secrets'), secretsTable, rows, context, {
    sort: { column: 'key', descending: false },
  });
  const secret = list.selected;
  const gateway = context.lookups.gateways.get(secret?.gateway_id ?? '') ?? null;
  const open = (): void => {
    if (secret !== null) ui.router.open('secret', secret.id);
  };
  const isWide = width >= wideFrom;
  const right = isWide ? Math.floor(width * 0.33) : width;
  const below = isWide || height < leastForBoth ? 0 : panelLines;
  return (
    <ScreenFrame
      keys={keys}
      on={{
        open,
        add: () => ui.secrets.add(ui.screen.gateway, null),
        ...secretHandlers(ui, secret),
      }}
      list={list}
      copyText={secret?.key ?? null}
      gateway={gateway}
    >
      <Box flexDirection={isWide ? 'row' : 'column'} columnGap={gap}>
        <Table
          list={list}
          width={isWide ? width - right - gap : width}
          height={height - below}
          whenEmpty={useIsLoading() ? ['Reading'] : ['No secrets yet.', 'a stores one']}
          onOpen={open}
        />
        <Panel width={right} height={isWide ? height : below}>
          {secret === null ? null : (
            <>
              <Rule title={plain(secret.key)} note={secret.category} width={right} />
              <SecretFacts secret={secret} context={context} width={right} />
            </>
          )}
        </Panel>
      </Box>
    </ScreenFrame>
  );
}
