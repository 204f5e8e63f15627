import {
  type RunningSlack,
  type SlackChannel,
  type SlackMessage,
  type SlackUser,
  startSlackServer,
} from '../fakes/slack-server/index.ts';
import { type Destination, type Form, newestWith, type SimulatedPlatform } from './platform.ts';

export async function simulateSlack(): Promise<SimulatedPlatform> {
  const slack = await startSlackServer();
  const { workspace } = slack.server;
  const you = workspace.user('you');
  const chats: Readonly<Record<Destination, SlackChannel>> = {
    direct: workspace.direct(you),
    channel: workspace.channel('ops', [you]),
  };
  const messages = (): SlackMessage[] =>
    Object.values(chats)
      .flatMap(({ id }) => workspace.visibleMessages(id, you.id))
      .filter(({ author }) => author === workspace.botUser);
  const textOf = (message: SlackMessage): string => workspace.render(message).text;

  return {
    env: slack.env,
    hint: 'You can leave out `/hq`.',
    async say(words, destination) {
      const { acknowledged } = await slack.actions.slash(
        you,
        chats[destination],
        words.replace(/^\/hq\s*/u, ''),
      );
      if (!acknowledged)
        throw new Error('hq-bots did not acknowledge the command within Slack’s three seconds.');
    },
    async press(label) {
      const found = newestWith(messages(), label, textOf);
      await slack.actions.press(you, found.message, found.label);
    },
    form: () => openForm(slack, you),
    messages: () =>
      messages().map((message) => ({
        id: message.ts,
        destination: message.channel === chats.direct.id ? 'direct' : 'channel',
        text: textOf(message),
      })),
    close: () => slack.stop(),
  };
}

function openForm({ actions, server }: RunningSlack, you: SlackUser): Form | null {
  const opened = actions.openView(you);
  if (opened?.view.type !== 'modal') return null;
  const inputs = opened.view.blocks.filter((block) => block.type === 'input');
  return {
    title: opened.view.title.text,
    fields: inputs.map(({ label, element }) => ({
      label: label.text,
      choices: element.type === 'static_select' ? element.options.map(({ text }) => text.text) : [],
    })),
    async submit(values) {
      const filled: Record<string, string> = {};
      for (const { label, element } of inputs) {
        const given = values[label.text];
        if (given === undefined) continue;
        const options =
          element.type === 'static_select'
            ? element.options
            : element.type === 'external_select'
              ? (await actions.suggest(you, opened, label.text, given)).options
              : [];
        filled[label.text] =
          options.find(({ text }) => text.text === given)?.value ?? options[0]?.value ?? given;
      }
      const { answer } = await actions.submit(you, opened, filled);
      if (answer.response_action === 'errors') throw new Error(JSON.stringify(answer.errors));
    },
    close() {
      const { views } = server.workspace;
      views.splice(views.indexOf(opened), 1);
    },
  };
}
