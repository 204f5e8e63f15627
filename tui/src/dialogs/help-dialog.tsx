import { Box } from 'ink';
import type { ReactNode } from 'react';
import { useInputLayer } from '../app/keyboard.ts';
import { useStored } from '../app/store.ts';
import { type Binding, showKey } from '../keys/binding.ts';
import { fill } from '../table/cell.ts';
import { Dialog } from '../widgets/dialog.tsx';
import { Line } from '../widgets/line.tsx';
import { Panel } from '../widgets/panel.tsx';
import { useSize } from '../widgets/theme.ts';

interface HelpDialogProps {
  readonly title: string;
  readonly bindings: readonly Binding[];
  readonly isReadonly: boolean;
  readonly onClose: () => void;
}

const keysWidth = 24;
const steps: Readonly<Partial<Record<string, number>>> = {
  j: 1,
  down: 1,
  k: -1,
  up: -1,
  pagedown: 10,
  pageup: -10,
  space: 10,
};

/** Every key that works on the screen below. */
export function HelpDialog({ title, bindings, isReadonly, onClose }: HelpDialogProps): ReactNode {
  const { columns, rows } = useSize();
  const [top, scroll] = useStored(() => 0);
  const places = Math.max(3, rows - 4);
  const across = columns >= 120 && bindings.length > places ? 2 : 1;
  const width = Math.min(across * 62, columns - 8);
  const height = Math.ceil(bindings.length / across);
  const last = Math.max(0, height - places);
  useInputLayer('dialog', (input) => {
    if (input.type !== 'key') return false;
    const step = steps[input.name];
    if (step === undefined) onClose();
    else scroll.update((now) => Math.max(0, Math.min(last, now + step)));
    return true;
  });
  const about = ({ about: does, writes }: Binding): string =>
    writes && isReadonly ? `${does} (off: read only)` : does;
  const cell = Math.floor(width / across);
  const shown = Math.min(height, places);
  const column = (at: number): readonly Binding[] =>
    bindings.slice(at * height, (at + 1) * height).slice(top, top + shown);
  return (
    <Dialog
      title={`${title}: keys · any key closes${last > 0 ? ' · j k scroll' : ''}`}
      width={width}
      height={shown}
      spoken={[`help: ${title}`, ...bindings.map((binding) => `${keysOf(binding)}: ${about(binding)}`)]}
    >
      <Box>
        {[0, 1].slice(0, across).map((at) => (
          <Panel key={at} width={cell} height={shown}>
            {column(at).map((binding) => (
              <Line
                key={binding.does}
                parts={[
                  { text: `${fill(keysOf(binding), keysWidth - 2)}  `, tone: 'accent' },
                  { text: about(binding) },
                ]}
              />
            ))}
          </Panel>
        ))}
      </Box>
    </Dialog>
  );
}

function keysOf({ keys }: Binding): string {
  return keys.map(showKey).join(' ');
}
