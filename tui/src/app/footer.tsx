import { plain } from '@hq/shared/text';
import { memo, type ReactNode } from 'react';
import { keysOn } from '../keys/app-keys.ts';
import { type Binding, showKey } from '../keys/binding.ts';
import { cut, widthOf } from '../table/cell.ts';
import { Line, PaintedLine, type Part } from '../widgets/line.tsx';
import { useTheme, useWidth } from '../widgets/theme.ts';
import type { Message } from './messages.ts';
import type { Screen } from './screen.ts';
import { useStore } from './store.ts';
import { useUi } from './ui.ts';

/** The last message, or why nothing answers, or a rule. */
export const MessageLine = memo(function MessageLine(): ReactNode {
  const theme = useTheme();
  const width = useWidth();
  const { messages, rows } = useUi();
  const connection = useStore(rows.connection);
  const lost: Message | null =
    connection.status === 'offline' && connection.reason !== null
      ? { text: connection.reason, tone: 'bad', undo: null, until: null }
      : null;
  const message = useStore(messages.current) ?? lost;
  if (message === null) return <PaintedLine text={theme.paint('dim', theme.rule.repeat(width))} />;
  const { text, tone, undo } = message;
  const mark = tone === 'bad' || tone === 'good' ? `${theme.mark(tone)} ` : '';
  const hint = undo === null ? '' : '  u takes it back';
  const parts: Part[] = [
    { text: ' ' },
    { text: cut(`${mark}${text}`, width - 2 - hint.length, theme.ellipsis), tone },
    { text: hint, tone: 'accent' },
  ];
  return <Line parts={parts} />;
});

interface KeysLineProps {
  readonly screen: Screen;
  /** Names of what keys act on, where that is not the selected row. */
  readonly gateway: string | null;
  readonly agent: string | null;
}

const longestName = 20;

/** The keys that matter most on a screen, as many as there is place for; help and quit always. */
export const KeysLine = memo(function KeysLine({ screen, gateway, agent }: KeysLineProps): ReactNode {
  const theme = useTheme();
  const width = useWidth();
  const names = { gateway, agent };
  const textOf = ({ short = '', aimsAt }: Binding): string => {
    const name = aimsAt === undefined ? null : names[aimsAt];
    return name === null ? short : `${short} ${cut(plain(name), longestName, theme.ellipsis)}`;
  };
  const lengthOf = (bindings: readonly Binding[]): number =>
    bindings.reduce((sum, binding) => sum + widthOf(`${keyOf(binding)} ${textOf(binding)}`) + 2, 1);
  const { screens, isReadonly } = useUi();
  const shown = keysOn(screen, screens).filter(
    ({ short, writes }) => short !== undefined && !(isReadonly && writes),
  );
  const always = shown.filter(({ does }) => does === 'help' || does === 'quit');
  const others = shown.filter((binding) => !always.includes(binding));
  while (others.length > 0 && lengthOf([...others, ...always]) > width) others.pop();
  const keys = [...others, ...always].map(
    (binding) => `${theme.paint('accent', keyOf(binding))} ${textOf(binding)}  `,
  );
  return <PaintedLine text={` ${keys.join('')}`} />;
});

function keyOf({ keys }: Binding): string {
  return showKey(keys[0] ?? '');
}
