import type { AgentRow, GatewayRow } from '@hq/shared/rows';
import { Box, type DOMElement, useIsScreenReaderEnabled } from 'ink';
import { type ReactNode, useLayoutEffect, useRef } from 'react';
import { type Binding, type Handlers, useBindings } from '../keys/binding.ts';
import type { Theme } from '../theme/theme.ts';
import { Rule } from '../widgets/line.tsx';
import type { AnyList } from '../widgets/list.ts';
import type { Place } from '../widgets/panel.tsx';
import { textOf } from '../widgets/text-of.ts';
import { useSize, useTheme } from '../widgets/theme.ts';
import { KeysLine, MessageLine } from './footer.tsx';
import { FilterPrompt, ListKeys } from './list-keys.tsx';
import { screenNamed } from './screen.ts';
import { useStore } from './store.ts';
import { useUi } from './ui.ts';

/** Lines above and below the body of a screen. */
const headerLines = 3;
const footerLines = 2;

interface ScreenFrameProps<Bindings extends readonly Binding[]> {
  readonly keys: Bindings;
  readonly on: Handlers<Bindings>;
  /** The list that the keys of lists work on. */
  readonly list?: AnyList;
  /** Its part of the title, where only its own query knows it. */
  readonly crumb?: string;
  readonly note?: string;
  readonly copyText: string | null;
  readonly gateway?: GatewayRow | null;
  readonly agent?: AgentRow | null;
  /** The selected row of the list. */
  readonly selected?: object | null;
  readonly children: ReactNode;
}

/** The place that a screen has for its body. */
export function useBodySize(): Place {
  const { columns, rows } = useSize();
  return { width: columns, height: rows - headerLines - footerLines };
}

/** A screen below the tabs: its title, its body, the message line and the keys that work. */
export function ScreenFrame<const Bindings extends readonly Binding[]>(
  props: ScreenFrameProps<Bindings>,
): ReactNode {
  const { keys, on, list, copyText, gateway = null, agent = null, selected, children } = props;
  const ui = useUi();
  const { height } = useBodySize();
  const trail = useStore(ui.router.trail);
  const isRead = useIsScreenReaderEnabled();
  const theme = useTheme();
  const body = useRef<DOMElement>(null);
  const lookups = ui.lookups();
  useBindings('screen', keys, on, () => ui.messages.acknowledge());
  const crumbs = trail.map((route, at) => {
    const isOpen = at === trail.length - 1;
    return (isOpen ? props.crumb : undefined) ?? screenNamed(ui.screens, route.screen).crumb(route, lookups);
  });
  useLayoutEffect(() => {
    const only = lookups.gateways.size === 1 ? ([...lookups.gateways.values()][0] ?? null) : null;
    ui.screen = {
      title: crumbs.at(-1) ?? '',
      copyText,
      bodyText: () => (body.current === null ? '' : textOf(body.current)),
      gateway: gateway ?? only,
      agent,
    };
  });
  return (
    <Box flexDirection="column">
      <Rule
        title={crumbs.join(` ${theme.crumb} `)}
        note={list === undefined ? (props.note ?? '') : listNote(list, theme)}
      />
      <Box ref={body} flexDirection="column" {...(isRead ? {} : { height, overflow: 'hidden' })}>
        {children}
      </Box>
      <MessageLine />
      {list === undefined ? null : <ListKeys list={list} />}
      {list?.store.state.get().prompt == null ? (
        <KeysLine
          screen={screenNamed(ui.screens, ui.router.route.screen)}
          gateway={gateway === selected ? null : (gateway?.slug ?? null)}
          agent={agent === selected ? null : (agent?.slug ?? null)}
        />
      ) : (
        <FilterPrompt list={list} />
      )}
    </Box>
  );
}

/** The filter, the number of rows, and their order. */
function listNote({ filter, rows, total, older, sort }: AnyList, theme: Theme): string {
  const all = older === null ? String(total) : `newest ${older.newest} (+ older)`;
  const isAll = filter === '' && total === (older?.newest ?? total);
  const count = isAll ? all : `${rows.length} of ${all}`;
  const order = `${sort.column.toLowerCase()} ${sort.descending ? theme.down : theme.up}`;
  return [...(filter === '' ? [] : [`/${filter}`]), count, order].join(' · ');
}
