/** Returns a number with its word, such as `1 model` or `3 models`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
