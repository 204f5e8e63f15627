import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { widthOf } from '../table/cell.ts';
import { key } from '../terminal/input.ts';
import { type EditedText, editedText, editText, fieldText, noText } from './text-field.tsx';

function typed(text: EditedText, ...names: string[]): EditedText {
  return names.reduce(
    (now, name) => editText(now, key(name, [...name].length === 1 ? name : null)) ?? now,
    text,
  );
}

describe('a text field', () => {
  it('takes letters at the cursor', () => {
    expect(typed(noText, 'a', 'c', 'left', 'b').value).toBe('abc');
    expect(typed(editedText('abc'), 'home', 'delete').value).toBe('bc');
    expect(typed(editedText('one two'), 'ctrl-w').value).toBe('one ');
    expect(typed(editedText('one two'), 'ctrl-u').value).toBe('');
  });

  it('takes a whole grapheme away at once', () => {
    expect(typed(editedText('e\u0301字'), 'backspace').value).toBe('e\u0301');
    expect(typed(editedText('e\u0301字'), 'backspace', 'backspace').value).toBe('');
  });

  it('takes one line of a paste, without what a terminal would obey', () => {
    const field = editText(editedText('x'), { type: 'paste', text: 'se\u001bcret\nrm -rf' });
    expect(field?.value).toBe('xsecret');
  });

  it('leaves other keys alone', () => {
    expect(editText(noText, key('enter'))).toBeNull();
    expect(editText(noText, key('up'))).toBeNull();
  });

  it('shows nothing of a hidden one but its length', () => {
    expect(fieldText(editedText('secret'), 20, { isHidden: true })).not.toContain('s');
  });

  it('always takes the room it is given', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '字', 'é', ' ') }),
        fc.nat(40),
        fc.integer({ min: 4, max: 30 }),
        (value, cursor, columns) => {
          expect(widthOf(fieldText({ value, cursor }, columns))).toBe(columns);
        },
      ),
    );
  });
});
