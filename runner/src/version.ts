import description from '../package.json' with { type: 'json' };

/** Version of HQ that this runner belongs to. */
export const version: string = description.version;
