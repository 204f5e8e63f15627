import { z } from 'zod';

const target = z.array(z.object({ webSocketDebuggerUrl: z.string() })).min(1);
const usage = z.object({ usedSize: z.number() });
const inspectorMessage = z.looseObject({
  id: z.number().optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
});
const attached = z.object({ sessionId: z.string(), workerInfo: z.object({ title: z.string() }) });
const fromThread = z.object({ sessionId: z.string(), message: z.string() });

type Answer = (result: unknown) => void;

/** Live heap of each thread of a program started with `--inspect`, by the name of the thread. */
export interface Heaps {
  /** Returns MB right after a collection. */
  measure(): Promise<ReadonlyMap<string, number>>;
  close(): void;
}

export async function openHeaps(port: number): Promise<Heaps> {
  const listed = target.parse(await (await fetch(`http://127.0.0.1:${port}/json/list`)).json());
  const socket = new WebSocket(listed[0]?.webSocketDebuggerUrl ?? '');
  const threads = new Map<string, string>();
  const waiting = new Map<number, Answer>();
  let count = 0;

  const settle = (text: string): void => {
    const { id, method, params, result } = inspectorMessage.parse(JSON.parse(text));
    if (id !== undefined) {
      waiting.get(id)?.(result);
      waiting.delete(id);
    }
    if (method === 'NodeWorker.attachedToWorker') {
      const { sessionId, workerInfo } = attached.parse(params);
      // `[worker 1] hq-bots slack`
      threads.set(sessionId, workerInfo.title.split(' ').at(-1) ?? '');
    }
    if (method === 'NodeWorker.receivedMessageFromWorker') settle(fromThread.parse(params).message);
  };
  socket.addEventListener('message', ({ data }) => settle(String(data)));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true });
    socket.addEventListener('error', () => reject(new Error('the inspector does not answer')), {
      once: true,
    });
  });

  /** Calls the inspector of the main thread, or of another one through it. */
  const ask = (method: string, params: object = {}, sessionId?: string): Promise<unknown> => {
    count += 1;
    const id = count;
    const message = JSON.stringify({ id, method, params });
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      if (sessionId === undefined) socket.send(message);
      else void ask('NodeWorker.sendMessageToWorker', { sessionId, message });
    });
  };
  const alive = async (sessionId?: string): Promise<number> => {
    await ask('HeapProfiler.collectGarbage', {}, sessionId);
    return usage.parse(await ask('Runtime.getHeapUsage', {}, sessionId)).usedSize / 1e6;
  };
  await ask('NodeWorker.enable', { waitForDebuggerOnStart: false });

  return {
    async measure() {
      const measured = new Map([['core', await alive()]]);
      for (const [sessionId, name] of threads) measured.set(name, await alive(sessionId));
      return measured;
    },
    close: () => socket.close(),
  };
}
