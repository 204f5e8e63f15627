import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createTheme } from '../../theme/theme.ts';
import { numbered } from '../place.ts';
import { tabsLine } from './header.ts';

const theme = createTheme({ colours: 256, ground: 'dark', unicode: true });

test('the screen that is open is among the tabs, however narrow the window is', () => {
  for (const screen of numbered) {
    for (const width of [60, 80, 120]) {
      const line = stripVTControlCharacters(tabsLine(screen, 12, width, theme));
      expect(line).toHaveLength(width);
      expect(line.toLowerCase()).toMatch(new RegExp(`\\[\\d ${screen}( 12)?\\]`));
    }
  }
});
