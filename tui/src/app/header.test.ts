import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { tabsOf } from '../keys/app-keys.ts';
import { screens } from '../screens/index.ts';
import { createTheme } from '../theme/theme.ts';
import { tabsText } from './header.tsx';

const theme = createTheme({ colours: 256, ground: 'dark', unicode: true });
const tabs = tabsOf(screens);

function textAt(width: number, open: string, counts = { alerts: ' 200+', needs: ' 200+' }): string {
  return stripVTControlCharacters(tabsText(screens, open, counts, width, theme));
}

test('the open screen is among the tabs, however narrow the window is, and marks stand for the others', () => {
  for (const [at, { name }] of tabs.entries()) {
    for (const width of [60, 80, 120]) {
      const line = textAt(width, name);
      expect(line.length).toBeLessThanOrEqual(width);
      expect(line).toMatch(new RegExp(`\\[${at + 1} ${name}( 200\\+)?\\]`, 'i'));
    }
  }
  expect(textAt(60, 'fleet')).toMatch(/^\[1 Fleet\]2 Agents .*›$/);
  expect(textAt(60, 'needs')).toMatch(/^‹.*\[8 Needs 200\+\]$/);
});

test('every tab is seen in 80 columns, with its number and the counts of alerts and needs', () => {
  for (const { name } of tabs) {
    for (const needs of ['', ' 3', ' 199']) {
      const line = textAt(80, name, { alerts: ' 200+', needs });
      for (const { title } of tabs) expect(line).toContain(title);
      expect(line).toContain(`8 Needs${needs}`);
      expect(line).toContain('4 Alerts 200+');
    }
  }
});
