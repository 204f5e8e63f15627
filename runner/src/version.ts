import description from '../package.json' with { type: 'json' };

/** The version of HQ that this runner is part of. */
export const version: string = description.version;
