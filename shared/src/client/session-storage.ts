/** Storage of a signed-in session: memory for programs that sign in by themselves, a file for people. */
export interface SessionStorage {
  getItem(key: string): Promise<string | null>;
  setItem(key: string, value: string): Promise<void>;
  removeItem(key: string): Promise<void>;
}

/** Storage that other programs use too. */
export interface SharedStorage extends SessionStorage {
  /** Runs the work while no other program runs such work. */
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
