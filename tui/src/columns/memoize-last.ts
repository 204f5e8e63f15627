/** Returns the last value again while every dependency is the same object. */
export function memoizeLast<Value>(): (dependencies: readonly unknown[], compute: () => Value) => Value {
  let last: { dependencies: readonly unknown[]; value: Value } | null = null;
  return (dependencies, compute) => {
    const known = last;
    if (
      known !== null &&
      known.dependencies.length === dependencies.length &&
      known.dependencies.every((each, at) => each === dependencies[at])
    ) {
      return known.value;
    }
    const value = compute();
    last = { dependencies, value };
    return value;
  };
}
