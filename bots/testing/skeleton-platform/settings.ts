import { type Environment, invalidSetting, readVariables } from '../../src/platforms/environment.ts';

export const variables = ['SKELETON_TOKEN'] as const;

export interface SkeletonSettings {
  readonly token: string;
}

/** Null if none of the variables is set. */
export function readSettings(env: Environment): SkeletonSettings | null {
  const { SKELETON_TOKEN: token } = readVariables(env, variables);
  if (token === undefined) return null;
  if (/\s/u.test(token)) {
    throw invalidSetting('SKELETON_TOKEN', 'is not a token', 'Copy it from the settings of your bot.');
  }
  return { token };
}
