export function isFresh(folder: string): boolean;
