/** Where a signed-in session is kept: in memory for programs that sign in by themselves, in a file for people. */
export interface SessionStorage {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<void>;
  removeItem(key: string): Promise<void>;
}

/** A storage that other programs use too. */
export interface SharedStorage extends SessionStorage {
  /** Runs the work while none of them runs such work. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function isShared(storage: SessionStorage): storage is SharedStorage {
  return 'exclusively' in storage;
}

export function memoryStorage(): SessionStorage {
  const items = new Map<string, string>();
  return {
    getItem: async (key) => items.get(key) ?? null,
    setItem: async (key, value) => {
      items.set(key, value);
    },
    removeItem: async (key) => {
      items.delete(key);
    },
  };
}
