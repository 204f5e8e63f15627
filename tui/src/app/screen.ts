import type { ReactNode } from 'react';
import type { Lookups } from '../columns/lookups.ts';
import type { Binding } from '../keys/binding.ts';
import type { Route } from './router.ts';

/** A screen: everything that the rest of the program has to know of it. `screens/index.ts` lists them. */
export interface Screen {
  readonly name: string;
  /** A screen with a tab has a number, its place among those with one. */
  readonly tab?: {
    readonly title: string;
    /** Other names for it in the palette. */
    readonly aliases: readonly string[];
    readonly summary: string;
  };
  /** True where the keys of a list work: movement, filter and order. */
  readonly isList: boolean;
  /** Its own keys; those of lists and of the whole program are added. */
  readonly keys: readonly Binding[];
  /** Its part of the title line. */
  readonly crumb: (route: Route, lookups: Lookups) => string;
  /** Mounted again for each route. */
  readonly Component: (props: { readonly route: Route }) => ReactNode;
}

/** Fails for a name that no screen has. */
export function screenNamed(screens: readonly Screen[], name: string): Screen {
  const screen = screens.find((each) => each.name === name);
  if (screen === undefined) throw new Error(`There is no screen called ${name}.`);
  return screen;
}
