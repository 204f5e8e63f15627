import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Input } from './input.ts';
import { InputDecoder } from './input-decoder.ts';

function names(inputs: readonly Input[]): string[] {
  return inputs.map((input) => (input.type === 'key' ? input.name : input.type));
}

function decode(...chunks: string[]): string[] {
  const decoder = new InputDecoder();
  const inputs = chunks.flatMap((chunk) => decoder.push(chunk));
  return names([...inputs, ...decoder.settle()]);
}

describe('the input decoder', () => {
  it('takes several keys out of one packet', () => {
    expect(decode('jjj')).toEqual(['j', 'j', 'j']);
    expect(decode('\u001b[A\u001b[Bq')).toEqual(['up', 'down', 'q']);
  });

  it('names control keys, space and both returns', () => {
    expect(decode('\u0004\u0015 \r\n\t\u007f\u0000')).toEqual([
      'ctrl-d',
      'ctrl-u',
      'space',
      'enter',
      'tab',
      'backspace',
      'ctrl-space',
    ]);
    expect(decode('\n')).toEqual(['enter']);
  });

  it('waits for the rest of an escape before it takes it for the key', () => {
    const decoder = new InputDecoder();
    expect(decoder.push('\u001b')).toEqual([]);
    expect(decoder.waiting).toBe('escape');
    expect(names(decoder.push('[5~'))).toEqual(['pageup']);
    expect(decoder.push('\u001b')).toEqual([]);
    expect(names(decoder.settle())).toEqual(['escape']);
  });

  it('reads function keys, modified arrows and both ways of writing home and end', () => {
    expect(decode('\u001bOP\u001b[15~\u001b[1;5C\u001b[1;2D\u001b[Z')).toEqual([
      'f1',
      'f5',
      'ctrl-right',
      'shift-left',
      'shift-tab',
    ]);
    expect(decode('\u001b[H\u001b[4~\u001bOF\u001b[97;5u')).toEqual(['home', 'end', 'end', 'ctrl-a']);
  });

  it('reads alt with a letter', () => {
    expect(decode('\u001bx')).toEqual(['alt-x']);
    expect(decode('\u001b\u001b[A')).toEqual(['escape', 'up']);
  });

  it('keeps the answers of the terminal apart from what is typed', () => {
    const decoder = new InputDecoder();
    const inputs = decoder.push(
      'a\u001b]11;rgb:1e1e/1e1e/1e1e\u001b\\b\u001b]11;rgb:ff/ff/ff\u0007c\u001bP1$r0m\u001b\\d',
    );
    expect(names(inputs)).toEqual(['a', 'reply', 'b', 'reply', 'c', 'd']);
    expect(inputs[1]).toEqual({ type: 'reply', text: '11;rgb:1e1e/1e1e/1e1e' });
  });

  it('types nothing for cursor reports, focus events and device attributes', () => {
    expect(decode('\u001b[24;80R\u001b[I\u001b[O\u001b[?62;4c\u001b[?1;2u')).toEqual([]);
  });

  it('reads the mouse and types nothing for it, in the old form too', () => {
    const decoder = new InputDecoder();
    expect(decoder.push('\u001b[<0;10;5M\u001b[<65;1;1M\u001b[<64;1;1M\u001b[<0;10;5m')).toEqual([
      { type: 'mouse', kind: 'press', x: 9, y: 4 },
      { type: 'mouse', kind: 'wheel-down', x: 0, y: 0 },
      { type: 'mouse', kind: 'wheel-up', x: 0, y: 0 },
      { type: 'mouse', kind: 'release', x: 9, y: 4 },
    ]);
    expect(decode('\u001b[M !!')).toEqual([]);
  });

  it('hands a paste over whole, with the keys in it as text', () => {
    const decoder = new InputDecoder();
    const inputs = [...decoder.push('\u001b[200~qR\u001b[A\n\u001b[20'), ...decoder.push('1~j')];
    expect(inputs).toEqual([
      { type: 'paste', text: 'qR\u001b[A\n' },
      { type: 'key', name: 'j', text: 'j' },
    ]);
  });

  it('ends a paste whose end mark is lost when nothing more comes, or with ctrl-c alone', () => {
    const silent = new InputDecoder();
    expect(silent.push('\u001b[200~half')).toEqual([]);
    expect(silent.waiting).toBe('paste');
    expect(silent.settle()).toEqual([{ type: 'paste', text: 'half' }]);
    expect(names(silent.push('j'))).toEqual(['j']);

    const interrupted = new InputDecoder();
    interrupted.push('\u001b[200~half\u001b[20');
    expect(names(interrupted.push('\u0003'))).toEqual(['ctrl-c']);
    expect(names(interrupted.push('j'))).toEqual(['j']);
  });

  it('keeps a grapheme of several code points together', () => {
    expect(decode('e\u0301字')).toEqual(['e\u0301', '字']);
  });

  it('gives the same keys however the packets are cut', () => {
    const parts = [
      'j',
      '\u001b[A',
      '\u001b[1;5C',
      '\u001b[<0;3;4M',
      '\u001b]11;rgb:0/0/0\u0007',
      '字',
      ' ',
      '\u001bOP',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...parts), { maxLength: 12 }),
        fc.array(fc.nat(60), { maxLength: 6 }),
        (chosen, cuts) => {
          const whole = chosen.join('');
          const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
          const pieces = [...at, whole.length].map((end, index) => whole.slice(at[index - 1] ?? 0, end));
          expect(decode(...pieces)).toEqual(decode(whole));
        },
      ),
    );
  });

  it('reads on after whatever arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (chunks) => {
        expect(decode(...chunks, '\u001b[201~\u001b\\', 'j').at(-1)).toBe('j');
      }),
    );
  });
});
