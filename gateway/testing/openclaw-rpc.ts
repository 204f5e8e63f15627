import { once } from 'node:events';

interface Frame {
  readonly type?: string;
  readonly id?: string;
  readonly event?: string;
  readonly ok?: boolean;
  readonly payload?: unknown;
  readonly error?: { readonly code?: string; readonly message?: string };
}

/** A connection to a gateway of a test, with all rights. */
export interface OpenClawRpc {
  call(method: string, params?: object): Promise<unknown>;
  close(): void;
}

export async function connectOpenClaw(port: number, token: string): Promise<OpenClawRpc> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  const waiting = new Map<string, (frame: Frame) => void>();
  let nextId = 1;
  const challenged = new Promise<void>((resolve) => {
    socket.onmessage = ({ data }) => {
      const frame: Frame = JSON.parse(String(data));
      if (frame.event === 'connect.challenge') resolve();
      if (frame.type === 'res') waiting.get(frame.id ?? '')?.(frame);
    };
  });
  const call: OpenClawRpc['call'] = async (method, params = {}) => {
    const id = String(nextId++);
    const answered = new Promise<Frame>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ type: 'req', id, method, params }));
    const { ok, payload, error } = await answered;
    waiting.delete(id);
    if (ok !== true) throw new Error(`${method}: ${error?.code} ${error?.message}`);
    return payload;
  };
  await once(socket, 'open');
  await challenged;
  await call('connect', {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: 'gateway-client', version: '1', platform: process.platform, mode: 'backend' },
    role: 'operator',
    scopes: ['operator.admin', 'operator.read', 'operator.write'],
    auth: { token },
  });
  return { call, close: () => socket.close() };
}
