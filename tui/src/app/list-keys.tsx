import { Text } from 'ink';
import { type ReactNode, useEffect } from 'react';
import { generalKeys, listKeys, moveKeys } from '../keys/app-keys.ts';
import { useBindings } from '../keys/binding.ts';
import type { AnyList } from '../widgets/list.ts';
import { editText, fieldText } from '../widgets/text-field.tsx';
import { useTheme, useWidth } from '../widgets/theme.ts';
import { useInputLayer } from './keyboard.ts';
import { useUi } from './ui.ts';

const backKeys: readonly string[] = generalKeys.find(({ does }) => does === 'back')?.keys ?? [];

/** The keys of a list. They draw nothing. */
export function ListKeys({ list }: { readonly list: AnyList }): ReactNode {
  const { store } = list;
  const { messages } = useUi();
  const half = (): number => Math.ceil(store.page / 2);
  useBindings('screen', [...moveKeys, ...listKeys], {
    down: () => list.move(1),
    up: () => list.move(-1),
    'half-down': () => list.move(half()),
    'half-up': () => list.move(-half()),
    'page-down': () => list.move(store.page),
    'page-up': () => list.move(-store.page),
    top: () => list.moveTo(0),
    bottom: () => list.moveTo(list.rows.length - 1),
    filter: () => store.openPrompt(),
    sort: () => list.sortByNext(),
    'sort-turn': () => list.reverse(),
    older: () => {
      if (list.older === null) messages.say('All rows are here.');
      else list.older.read();
    },
  });
  useInputLayer('screen', (input) => {
    if (input.type !== 'key' || list.filter === '' || !backKeys.includes(input.name)) return false;
    store.setFilter('');
    return true;
  });
  useEffect(() => () => store.change({ prompt: null }), [store]);
  return null;
}

/** The last line while a filter is written; the list follows every letter. */
export function FilterPrompt({ list }: { readonly list: AnyList }): ReactNode {
  const theme = useTheme();
  const width = useWidth();
  const { store } = list;
  useInputLayer('prompt', (input) => {
    const { prompt } = store.state.get();
    if (input.type === 'mouse' || prompt === null) return true;
    const name = input.type === 'key' ? input.name : '';
    if (name === 'enter') store.change({ prompt: null });
    else if (name === 'escape' || name === 'ctrl-c') store.change({ prompt: null, filter: prompt.before });
    else if (name === 'up' || name === 'down') list.move(name === 'up' ? -1 : 1);
    else {
      const text = editText(prompt.text, input);
      if (text !== null) store.change({ prompt: { ...prompt, text }, filter: text.value });
    }
    return true;
  });
  const text = store.state.get().prompt?.text;
  if (text === undefined) return null;
  return <Text wrap="truncate">{`${theme.paint('accent', ' / ')}${fieldText(text, width - 4)}`}</Text>;
}
