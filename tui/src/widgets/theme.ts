import { createContext, use } from 'react';
import { createTheme, type Theme } from '../theme/theme.ts';

export const ThemeContext = createContext<Theme>(createTheme({ colours: 0, ground: null, unicode: true }));

export function useTheme(): Theme {
  return use(ThemeContext);
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The size of the terminal. */
export const SizeContext = createContext<Size>({ columns: 80, rows: 24 });

/** The columns that a line has: those of its panel or dialog, else all. */
export const WidthContext = createContext<number | null>(null);

export function useWidth(): number {
  const { columns } = useSize();
  return use(WidthContext) ?? columns;
}

export function useSize(): Size {
  return use(SizeContext);
}
