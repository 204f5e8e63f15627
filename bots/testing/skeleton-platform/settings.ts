import { type Environment, readVariables } from '../../src/platforms/environment.ts';

/** The form of each value, what is wrong with another one, and where to find the right one. */
export const variables = {
  SKELETON_TOKEN: [/^\S+$/u, 'is not a token', 'Copy it from the settings of your bot.'],
} as const;

export interface SkeletonSettings {
  readonly token: string;
}

/** Null if none of the variables is set. */
export function readSettings(env: Environment): SkeletonSettings | null {
  const { SKELETON_TOKEN: token } = readVariables(env, variables);
  return token === undefined ? null : { token };
}
