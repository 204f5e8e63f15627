import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { TestAdapter } from '../../../testing/test-adapter.ts';
import type { Card } from '../../contract/card.ts';
import type { ChatLocation } from '../../contract/inbound.ts';
import { createTokenBucket } from '../token-bucket.ts';
import { Outbox } from './outbox.ts';

const place = (channel: string): ChatLocation => ({
  platform: 'telegram',
  install: '1',
  channel,
  kind: 'group',
  thread: null,
});
const titled = (title: string): Card => ({ title, tone: 'neutral' });

function open(capabilities: ConstructorParameters<typeof TestAdapter>[1] = {}) {
  const adapter = new TestAdapter('telegram', capabilities);
  const outbox = new Outbox({ adapter, sanitizer: { card: (card) => card, file: (file) => file } });
  return { adapter, outbox };
}

describe('a message', () => {
  it('keeps its order across a rate limit', async () => {
    const { adapter, outbox } = open();
    adapter.faults.push({ ok: false, problem: { kind: 'wait', afterMs: 30 } });
    const titles = ['one', 'two', 'three', 'four'];
    await Promise.all(titles.map((title) => outbox.send(place('C1'), titled(title))));
    expect(adapter.messages.map(({ card }) => card.title)).toEqual(titles);
    expect(outbox.size()).toBe(0);
  });

  it('respects the limits of its chat and of the platform', async () => {
    const { adapter, outbox } = open({ chatEveryMs: 40 });
    await Promise.all(['a', 'b', 'c', 'd'].map((title) => outbox.send(place('C1'), titled(title))));
    const times = adapter.sentAt.map(({ at }) => at);
    for (const [n, at] of times.slice(1).entries()) expect(at - (times[n] ?? 0)).toBeGreaterThanOrEqual(38);
  });

  it('is edited once, with the newest of several waiting edits', async () => {
    const { adapter, outbox } = open({ editEveryMs: 100 });
    const sent = await outbox.send(place('C1'), titled('first'));
    const handle = sent.ok ? sent.handle : null;
    if (handle === null) throw new Error('no handle');
    const edits = ['1', '2', '3', '4', 'last'].map((title) =>
      outbox.edit(place('C1'), handle, titled(title)),
    );
    for (const edit of await Promise.all(edits)) expect(edit.ok).toBe(true);
    expect(adapter.messages[0]?.card.title).toBe('last');
    expect(adapter.messages[0]?.history.length).toBeLessThanOrEqual(3);
  });

  it('is edited as often as its kind of chat allows', async () => {
    const { adapter, outbox } = open({ editEveryMs: 2_000, directEditEveryMs: 50 });
    const took = async (where: ChatLocation): Promise<number> => {
      const sent = await outbox.send(where, titled('first'));
      const handle = sent.ok ? sent.handle : null;
      if (handle === null) throw new Error('no handle');
      await outbox.edit(where, handle, titled('second'));
      await outbox.edit(where, handle, titled('third'));
      const [second, third] = adapter.sentAt.slice(-2);
      return (third?.at ?? 0) - (second?.at ?? 0);
    };
    expect(await took(place('C1'))).toBeGreaterThanOrEqual(1_900);
    const direct = await took({ ...place('D1'), kind: 'direct' });
    expect(direct).toBeGreaterThanOrEqual(45);
    expect(direct).toBeLessThan(1_900);
  });

  it('ends with the last state after a failed edit', async () => {
    const { adapter, outbox } = open({ editEveryMs: 0 });
    const sent = await outbox.send(place('C1'), titled('first'));
    const handle = sent.ok ? sent.handle : null;
    if (handle === null) throw new Error('no handle');
    adapter.faults.push({ ok: false, problem: { kind: 'wait', afterMs: 20 } });
    const early = outbox.edit(place('C1'), handle, titled('running'));
    await eventually(() => expect(adapter.faults).toEqual([]));
    const late = outbox.edit(place('C1'), handle, titled('done'));
    expect((await Promise.all([early, late])).every(({ ok }) => ok)).toBe(true);
    expect(adapter.messages[0]?.card.title).toBe('done');
  });

  it('that somebody waits for is sent before alerts', async () => {
    const { adapter, outbox } = open({ chatEveryMs: 20 });
    const news = ['n1', 'n2', 'n3'].map((title) => outbox.send(place('C1'), titled(title)));
    const answer = outbox.send(place('C1'), titled('answer'), { urgent: true });
    await Promise.all([...news, answer]);
    const order = adapter.messages.map(({ card }) => card.title);
    expect(order.indexOf('answer')).toBeLessThan(order.indexOf('n2'));
    expect(order.filter((title) => title.startsWith('n'))).toEqual(['n1', 'n2', 'n3']);
  });

  it('that the platform refuses is cut and sent again, and says so', async () => {
    const { adapter, outbox } = open();
    const refused = { ok: false, problem: { kind: 'refused', reason: 'msg_too_long' } } as const;
    const card: Card = {
      ...titled('long'),
      body: [{ kind: 'log', text: `${'line\n'.repeat(2_000)}the end` }],
      footer: 'whole',
    };
    adapter.faults.push(refused);
    const sent = await outbox.send(place('C1'), card);
    const cut = { title: 'long', footer: 'This message was cut: the chat does not take the whole one.' };
    expect(adapter.messages[0]?.card).toMatchObject(cut);
    const [log] = adapter.messages[0]?.card.body ?? [];
    expect(log?.text).toMatch(/the end$/u);
    expect(log?.text.length).toBeLessThan(1_000);
    adapter.faults.push(refused);
    await outbox.edit(place('C1'), (sent.ok && sent.handle) || {}, { ...card, title: 'edited' });
    expect(adapter.messages[0]?.card).toMatchObject({ ...cut, title: 'edited' });
    adapter.faults.push(refused);
    const reply = { send: (one: Card) => adapter.send(place('C1'), one) };
    await outbox.reply(reply, { ...card, title: 'answered' }, {});
    expect(adapter.messages.at(-1)?.card).toMatchObject({ ...cut, title: 'answered' });
    adapter.faults.push(refused, refused);
    expect(await outbox.send(place('C1'), card)).toEqual(refused);
  });

  it('does not wait for other chats', async () => {
    const { adapter, outbox } = open({ chatEveryMs: 60_000 });
    await outbox.send(place('C1'), titled('slow chat'));
    void outbox.send(place('C1'), titled('waits'));
    await outbox.send(place('C2'), titled('other chat'));
    expect(adapter.messages.map(({ card }) => card.title)).toEqual(['slow chat', 'other chat']);
  });

  it('fails with the reason if the chat is closed', async () => {
    const { adapter, outbox } = open();
    adapter.faults.push({ ok: false, problem: { kind: 'closed', reason: 'the bot was blocked' } });
    expect(await outbox.send(place('C1'), titled('x'))).toMatchObject({
      ok: false,
      problem: { kind: 'closed' },
    });
    expect(outbox.size()).toBe(0);
  });
});

describe('a bucket', () => {
  it('allows its size at once, then its rate', () => {
    let now = 0;
    const bucket = createTokenBucket(2, 10, () => now);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([0, 0, 100]);
    now = 50;
    expect(bucket.take()).toBe(50);
    now = 110;
    expect(bucket.take()).toBe(0);
  });
});
