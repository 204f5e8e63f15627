import { plain } from '@hq/shared/text';
import { Box } from 'ink';
import { useMemo } from 'react';
import { listScreen } from '../app/list-screen.tsx';
import { useRows } from '../app/ui.ts';
import { secretsTable } from '../columns/secrets.ts';
import type { Binding } from '../keys/binding.ts';
import { secretHandlers, secretKeys } from '../keys/secret-keys.ts';
import { SecretFacts } from '../panels/secret-facts.tsx';
import { withOverrides } from '../secrets/secret-overrides.ts';
import { Rule } from '../widgets/line.tsx';
import { Panel } from '../widgets/panel.tsx';

const keys = [
  { does: 'add', keys: ['a'], short: 'add', about: 'store a new secret', writes: true },
  ...secretKeys,
] as const satisfies readonly Binding[];

/** From this width on the panel is beside the list instead of below it. */
const wideFrom = 150;
const gap = 2;
/** Rows of the panel below the list, where there is place for both. */
const panelLines = 8;
const leastForBoth = 14;

export const secretsScreen = listScreen({
  name: 'secrets',
  tab: { title: 'Secrets', aliases: ['sec'], summary: 'Which credentials there are, and where' },
  crumb: () => 'Secrets',
  keys,
  on: ({ ui, row }) => ({
    add: () => ui.secrets.add(ui.screen.gateway, null),
    ...secretHandlers(ui, row),
  }),
  table: secretsTable,
  sort: { column: 'KEY', descending: false },
  useRows({ session }) {
    const stored = useRows(session.secrets);
    return useMemo(() => withOverrides(stored), [stored]);
  },
  open: ({ id }, { router }) => router.open('secret', id),
  copyText: ({ row }) => row?.key,
  gateway: ({ row, context }) => context.lookups.gateways.get(row?.gateway_id ?? ''),
  whenEmpty: ['No secrets yet.', 'a stores one'],
  Body({ row, context, size: { width, height }, table }) {
    const isWide = width >= wideFrom;
    const right = isWide ? Math.floor(width * 0.33) : width;
    const below = isWide || height < leastForBoth ? 0 : panelLines;
    return (
      <Box flexDirection={isWide ? 'row' : 'column'} columnGap={gap}>
        {table({ width: isWide ? width - right - gap : width, height: height - below })}
        <Panel width={right} height={isWide ? height : below}>
          {row === null ? null : (
            <>
              <Rule title={plain(row.key)} note={row.category} />
              <SecretFacts secret={row} context={context} />
            </>
          )}
        </Panel>
      </Box>
    );
  },
});
