import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { tabsOf } from '../keys/app-keys.ts';
import { screens } from '../screens/index.ts';
import { createTheme } from '../theme/theme.ts';
import { tabsText } from './header.tsx';

const theme = createTheme({ colours: 256, ground: 'dark', unicode: true });

test('the open screen is among the tabs, however narrow the window is', () => {
  for (const { name } of tabsOf(screens)) {
    for (const width of [60, 80, 120]) {
      const line = stripVTControlCharacters(tabsText(screens, name, '200+', width, theme));
      expect(line.length).toBeLessThanOrEqual(width);
      expect(line.toLowerCase()).toMatch(new RegExp(`\\[\\d ${name}( you)?( 200\\+)?\\]`));
    }
  }
});

test('every tab fits into 80 columns beside 200 new alerts', () => {
  for (const { name } of tabsOf(screens)) {
    expect(stripVTControlCharacters(tabsText(screens, name, '200+', 80, theme))).toContain('7 Chat');
  }
});
