import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Sends interactions to an endpoint by HTTP, signed as Discord signs them. */
export class SignedSender {
  readonly #privateKey: KeyObject;
  /** In hex, as the developer portal shows it. */
  readonly publicKey: string;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    this.#privateKey = privateKey;
    this.publicKey = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  }

  headersFor(body: string, timestamp = String(Math.floor(Date.now() / 1000))): Record<string, string> {
    return {
      'content-type': 'application/json',
      'x-signature-timestamp': timestamp,
      'x-signature-ed25519': sign(null, Buffer.from(timestamp + body), this.#privateKey).toString('hex'),
    };
  }

  async send(url: string, payload: unknown): Promise<Response> {
    const body = JSON.stringify(payload);
    return fetch(url, { method: 'POST', headers: this.headersFor(body), body });
  }

  /** Verifies a new address as Discord does: it must answer a ping, and refuse a forged one. */
  async accepts(url: string, applicationId: string): Promise<boolean> {
    const body = JSON.stringify({
      type: 1,
      id: '1',
      application_id: applicationId,
      token: 'ping',
      version: 1,
    });
    const pinged = await fetch(url, { method: 'POST', headers: this.headersFor(body), body });
    if (pinged.status !== 200) return false;
    const answer: unknown = await pinged.json();
    const isPong = typeof answer === 'object' && answer !== null && 'type' in answer && answer.type === 1;
    const forged = await fetch(url, {
      method: 'POST',
      headers: { ...this.headersFor(body), 'x-signature-ed25519': '0'.repeat(128) },
      body,
    });
    await forged.arrayBuffer();
    return isPong && forged.status === 401;
  }
}
