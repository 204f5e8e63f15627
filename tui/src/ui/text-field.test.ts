import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { widthOf } from '../table/cell.ts';
import { key } from '../terminal/input.ts';
import { emptyField, fieldOf, showField, type TextField, write } from './text-field.ts';

function typed(field: TextField, ...names: string[]): TextField {
  return names.reduce(
    (now, name) => write(now, key(name, [...name].length === 1 ? name : null)) ?? now,
    field,
  );
}

describe('a text field', () => {
  it('takes letters where the cursor stands', () => {
    expect(typed(emptyField, 'a', 'c', 'left', 'b').value).toBe('abc');
    expect(typed(fieldOf('abc'), 'home', 'delete').value).toBe('bc');
    expect(typed(fieldOf('one two'), 'ctrl-w').value).toBe('one ');
    expect(typed(fieldOf('one two'), 'ctrl-u').value).toBe('');
  });

  it('takes a whole grapheme away at once', () => {
    expect(typed(fieldOf('e\u0301字'), 'backspace').value).toBe('e\u0301');
    expect(typed(fieldOf('e\u0301字'), 'backspace', 'backspace').value).toBe('');
  });

  it('takes one line of a paste, without what a terminal would obey', () => {
    const field = write(fieldOf('x'), { type: 'paste', text: 'se\u001bcret\nrm -rf' });
    expect(field?.value).toBe('xsecret');
  });

  it('leaves other keys alone', () => {
    expect(write(emptyField, key('enter'))).toBeNull();
    expect(write(emptyField, key('up'))).toBeNull();
  });

  it('shows nothing of a hidden one but its length', () => {
    expect(showField(fieldOf('secret'), 20, true)).not.toContain('s');
  });

  it('always takes the room it is given', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '字', 'é', ' ') }),
        fc.nat(40),
        fc.integer({ min: 4, max: 30 }),
        (value, cursor, columns) => {
          expect(widthOf(showField({ value, cursor }, columns))).toBe(columns);
        },
      ),
    );
  });
});
