import { afterEach, describe, expect, it } from 'vitest';
import { renderComponent } from '../../testing/rendered.tsx';
import { widthOf } from '../table/cell.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

function ask(typedName: string | null = null, columns = 80) {
  let [confirmed, closed] = [0, 0];
  const rendered = renderComponent(
    <ConfirmDialog
      title="Restart the gateway"
      sentences={['primary stops answering for a moment.']}
      yes="Restart"
      typedName={typedName}
      onConfirm={() => {
        confirmed++;
      }}
      onClose={() => {
        closed++;
      }}
    />,
    { columns, rows: 20 },
  );
  closing.push(() => rendered.frames.close());
  return { ...rendered, confirmed: () => confirmed, isClosed: () => closed > 0 };
}

describe('a confirmation', () => {
  it('starts on Cancel', async () => {
    const { type, confirmed, isClosed } = ask();
    await type('\r');
    expect(isClosed()).toBe(true);
    expect(confirmed()).toBe(0);
  });

  it('confirms by its button alone', async () => {
    const { type, confirmed, isClosed } = ask();
    await type('yYrR ');
    expect([confirmed(), isClosed()]).toEqual([0, false]);
    await type('\t\r');
    expect([confirmed(), isClosed()]).toEqual([1, true]);
  });

  it('is cancelled by escape and by ctrl-c', async () => {
    for (const key of ['\u001b', '\u0003']) {
      const { type, confirmed, isClosed } = ask();
      await type('\t');
      await type(key);
      expect([confirmed(), isClosed()]).toEqual([0, true]);
    }
  });

  it('wants the exact name before something is destroyed', async () => {
    const { type, confirmed, isClosed, text } = ask('primary');
    await type('\t\r');
    expect(text()).toContain('Type primary first.');
    await type('primar\r');
    expect([confirmed(), isClosed()]).toEqual([0, false]);
    await type('y\r');
    expect([confirmed(), isClosed()]).toEqual([1, true]);
  });

  it('goes to the button by enter behind the whole name, and confirms by another', async () => {
    const { type, confirmed, isClosed } = ask('primary');
    await type('primary\r');
    expect([confirmed(), isClosed()]).toEqual([0, false]);
    await type('\r');
    expect([confirmed(), isClosed()]).toEqual([1, true]);
  });

  it('stays cancelled where the name was typed and Cancel was chosen', async () => {
    const { type, confirmed, isClosed } = ask('primary');
    await type('primary\t\t\r');
    expect([confirmed(), isClosed()]).toEqual([0, true]);
  });

  it('has lines of one width, also in a narrow window', () => {
    for (const columns of [40, 80, 200]) {
      const lines = ask('primary', columns)
        .text()
        .split('\n')
        .filter((line) => line !== '');
      const widths = new Set(lines.map((line) => widthOf(line)));
      expect(widths.size).toBe(1);
      expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    }
  });
});
