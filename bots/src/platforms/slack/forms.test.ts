import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { card, useSlackBot } from '../../../testing/slack-bot.ts';

const slack = useSlackBot();
const { posted, received, seen, standing } = slack;

describe('forms', () => {
  const form = {
    token: 'f1:abc',
    title: 'Set a budget for an agent of this workspace',
    submit: 'Set',
    words: ['budget', 'set'],
    fields: [
      {
        name: 'agent',
        label: 'Agent',
        kind: 'text',
        required: true,
        completes: true,
      },
      { name: 'amount', label: 'Amount', kind: 'text', required: true, maxLength: 20 },
      {
        name: 'period',
        label: 'Period',
        kind: 'choice',
        required: false,
        choices: [{ label: 'Month', value: 'month' }],
      },
    ],
  } as const;

  async function opened() {
    slack.bot.core.acknowledgement = { kind: 'form', form };
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'budget set');
    return eventually(() => {
      const view = slack.bot.slack.actions.openView(slack.ann);
      if (view === undefined) throw new Error('no form is open');
      return view;
    });
  }

  it('open, and hand over their values with the location of the request', async () => {
    const view = await opened();
    slack.bot.core.acknowledgement = { kind: 'working', private: true };
    const receipt = await slack.bot.slack.actions.submit(slack.ann, view, {
      Agent: 'mia',
      Amount: '10',
      Period: 'month',
    });
    expect(receipt).toMatchObject({ acknowledged: true, answer: {} });
    const { inbound, reply } = await received(2);
    expect(inbound).toMatchObject({
      channel: slack.ops.id,
      kind: 'group',
      user: slack.ann.id,
      input: { kind: 'form', token: 'f1:abc', values: { agent: 'mia', amount: '10', period: 'month' } },
    });
    await reply.send(card, { private: true });
    expect(standing(slack.ann)).toHaveLength(1);
  });

  it('stay open with errors beside their fields, also where the core answers late', async () => {
    const view = await opened();
    slack.bot.core.acknowledgement = { kind: 'errors', errors: { amount: 'Amount: “x” is not a number.' } };
    await slack.bot.slack.actions.submit(slack.ann, view, { Agent: 'mia', Amount: 'x' });
    expect(view.errors).toEqual({ Amount: 'Amount: “x” is not a number.' });
    expect(slack.bot.slack.actions.openView(slack.ann)).toBe(view);
    let release = (): void => undefined;
    slack.bot.core.delay = new Promise((resolve) => {
      release = () => resolve();
    });
    const receipt = await slack.bot.slack.actions.submit(slack.ann, view, { Agent: 'mia', Amount: 'x' });
    expect(receipt).toMatchObject({ acknowledged: true, answer: {} });
    release();
    await eventually(() => expect(seen(standing(slack.ann)[0])).toContain('“x” is not a number'));
    expect(standing()).toEqual([]);
  });

  it('hold what was filled in before', async () => {
    const values = { agent: 'mia', amount: '10', period: 'month' };
    const fields = form.fields.map((field) => ({ ...field, value: values[field.name] }));
    slack.bot.core.acknowledgement = { kind: 'form', form: { ...form, fields } };
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'budget set');
    const view = await eventually(() => {
      const open = slack.bot.slack.actions.openView(slack.ann);
      if (open === undefined) throw new Error('no form is open');
      return open;
    });
    await slack.bot.slack.actions.submit(slack.ann, view, {});
    const { inbound } = await received(2);
    // The fake sends the initial options as they are.
    expect(inbound.input).toMatchObject({ kind: 'form', values });
  });

  it('hand over the message with the button that opened them', async () => {
    const message = await posted();
    slack.bot.core.acknowledgement = { kind: 'form', form };
    await slack.bot.slack.actions.press(slack.ann, message, 'Again');
    const view = await eventually(() => {
      const open = slack.bot.slack.actions.openView(slack.ann);
      if (open === undefined) throw new Error('no form is open');
      return open;
    });
    await slack.bot.slack.actions.submit(slack.ann, view, { Agent: 'mia', Amount: '10' });
    expect((await received(2)).inbound.input).toMatchObject({
      kind: 'form',
      message: { channel: slack.ops.id, ts: message.ts },
    });
  });

  it("complete with the core's choices and the typed value", async () => {
    const view = await opened();
    slack.bot.core.choices = [{ label: 'Mia (ready)', value: 'mia' }];
    const { options } = await slack.bot.slack.actions.suggest(slack.ann, view, 'Agent', 'mi');
    expect(options.map((option) => [option.text.text, option.value])).toEqual([
      ['Mia (ready)', 'mia'],
      ['mi', 'mi'],
    ]);
    expect(slack.bot.core.context[0]).toMatchObject({
      sender: { user: slack.ann.id, channel: slack.ops.id, install: slack.bot.slack.server.workspace.team },
      request: { words: ['budget', 'set'], argument: 'agent', typed: 'mi' },
    });
  });

  it('complete with the typed value while the core hangs', async () => {
    const view = await opened();
    let release = (): void => undefined;
    slack.bot.core.delay = new Promise((resolve) => {
      release = () => resolve();
    });
    const { receipt, options } = await slack.bot.slack.actions.suggest(slack.ann, view, 'Agent', 'mia');
    expect(receipt.acknowledged).toBe(true);
    expect(options.map((option) => option.value)).toEqual(['mia']);
    release();
  });

  it('report that Slack did not open them', async () => {
    slack.bot.core.acknowledgement = { kind: 'form', form };
    slack.bot.slack.server.fail('views.open', {
      body: JSON.stringify({ ok: false, error: 'expired_trigger_id' }),
    });
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'budget set');
    await eventually(() => expect(seen(standing(slack.ann)[0])).toContain('did not open the form'));
  });
});
