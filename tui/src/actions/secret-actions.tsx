import { HqError } from '@hq/shared/errors';
import type { AgentRow, GatewayRow, SecretRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import { type FilledIn, SecretForm, type SecretFormProps } from '../dialogs/secret-form.tsx';
import type { Session } from '../session/session.ts';
import { type ActionContext, attempt, refusesToWrite } from './action-context.ts';

type Form = Omit<SecretFormProps, 'onLateFailure' | 'onClose'>;
type Draft = Parameters<Session['writeSecret']>[0];

export interface SecretActions {
  /** `agent`: its owner unless the operator says otherwise. */
  readonly add: (gateway: GatewayRow | null, agent: AgentRow | null) => void;
  readonly rotate: (secret: SecretRow) => void;
  readonly note: (secret: SecretRow) => void;
  readonly delete: (secret: SecretRow) => void;
}

/** Stores, changes and deletes secrets: asks for what it needs, and reports what became of it. */
export function createSecretActions(session: Session, context: ActionContext): SecretActions {
  const { messages, overlays } = context;
  const openForm = (form: Form): void =>
    overlays.open((close) => (
      <SecretForm {...form} onLateFailure={(reason) => messages.warn(reason)} onClose={close} />
    ));

  /** Opens a form only where its value could be encrypted: nobody types a value for nothing. */
  const openChecked = (gateway: GatewayRow | null | undefined, form: Form): void => {
    if (refusesToWrite(context)) return;
    void attempt(context, async () => {
      if (gateway === undefined) throw new HqError('not_found', 'The gateway of this secret is gone.');
      await session.checkSecretsKey(gateway);
      openForm(form);
    });
  };

  const write = async ({ value }: FilledIn, draft: Omit<Draft, 'value'>): Promise<void> => {
    const text = 'file' in value ? await readFile(value.file) : value.typed;
    const { secret, created } = await session.writeSecret({ ...draft, value: text });
    const change = created ? 'stored' : 'has another value';
    messages.say(`${nameOf(secret, session)} ${change}; the runner is told.`, 'good');
  };

  return {
    add(gateway, agent) {
      const gateways = session.gateways.getSnapshot().rows;
      if (gateways.length === 0) {
        messages.say('There is no gateway yet, and a secret belongs to one.', 'warn');
        return;
      }
      openChecked(gateway, {
        title: 'Store a secret',
        fields: ['key', 'value', 'gateway', 'agent', 'category', 'note'],
        start: { gateway: gateway?.slug ?? '', agent: agent?.slug ?? '' },
        gateways: gateways.map(({ slug }) => slug),
        agentsOf: (slug) => agentsOf(slug, session),
        submit: async (filledIn) => write(filledIn, newSecret(filledIn, session)),
      });
    },
    rotate(secret) {
      const { key, gateway_id, agent_id: agent } = secret;
      const gateway = session.gateways.getSnapshot().rows.find(({ id }) => id === gateway_id);
      openChecked(gateway, {
        title: `Another value for ${nameOf(secret, session)}`,
        fields: ['value'],
        start: {},
        submit: async (filledIn) => {
          if (gateway !== undefined) await write(filledIn, { key, gateway, agent });
        },
      });
    },
    note(secret) {
      if (refusesToWrite(context)) return;
      openForm({
        title: `A remark on ${nameOf(secret, session)}`,
        fields: ['note'],
        start: { note: secret.note ?? '' },
        submit: async ({ note }) => {
          await session.noteSecret(secret.id, note);
          messages.say('Noted.', 'good');
        },
      });
    },
    delete: (secret) => {
      if (!refusesToWrite(context)) confirmDelete(secret, session, context);
    },
  };
}

function confirmDelete(secret: SecretRow, session: Session, context: ActionContext): void {
  const name = nameOf(secret, session);
  const loss = secret.agent_id === null ? 'Every agent of the gateway loses it.' : 'The agent loses it.';
  context.overlays.open((close) => (
    <ConfirmDialog
      title={`Delete ${name}`}
      sentences={[`${loss} Its value cannot be brought back.`]}
      yes="Delete"
      typedName={secret.key}
      onConfirm={() =>
        void attempt(context, async () => {
          await session.deleteSecret(secret.id);
          context.messages.say(`${name} deleted; it is being taken out of the files.`, 'good');
        })
      }
      onClose={close}
    />
  ));
}

/** `GITHUB_TOKEN of ada`. */
function nameOf({ key, gateway_id, agent_id }: SecretRow, { gateways, agents }: Session): string {
  const owners = [...gateways.getSnapshot().rows, ...agents.getSnapshot().rows];
  const owner = owners.find(({ id }) => id === (agent_id ?? gateway_id));
  return plain(`${key} of ${owner?.slug ?? 'one that is gone'}`);
}

/** Returns what the form of a new secret says but its value. Fails for an owner that is not there, and for a key that is. */
function newSecret(filledIn: FilledIn, { gateways, agents, secrets }: Session): Omit<Draft, 'value'> {
  const { key, category, note, gateway: slug, agent: agentSlug } = filledIn;
  const gateway = gateways.getSnapshot().rows.find((row) => row.slug === slug);
  if (gateway === undefined) {
    throw new HqError('usage', 'Choose the gateway that gets it.', { field: 'gateway' });
  }
  const found = agents
    .getSnapshot()
    .rows.find(({ slug: one, gateway_id }) => one === agentSlug && gateway_id === gateway.id);
  if (agentSlug !== '' && found === undefined) {
    throw new HqError('not_found', 'This agent is gone.', { field: 'agent', hint: 'Choose another one.' });
  }
  const agent = found?.id ?? null;
  const isSame = (row: SecretRow): boolean =>
    row.key === key && row.gateway_id === gateway.id && row.agent_id === agent;
  if (secrets.getSnapshot().rows.some(isSame)) {
    throw new HqError('conflict', `There is a ${key} already.`, {
      hint: 'Select it, and R gives it another value.',
    });
  }
  return { key, category, note, gateway, agent };
}

/** The slugs of the agents of a gateway. */
function agentsOf(slug: string, { gateways, agents }: Session): readonly string[] {
  const gateway = gateways.getSnapshot().rows.find((row) => row.slug === slug);
  const rows = agents.getSnapshot().rows.filter(({ gateway_id }) => gateway_id === gateway?.id);
  return rows.map((row) => row.slug);
}

async function readFile(path: string): Promise<string> {
  const { readValueFile } = await import('../secrets/value-file.ts');
  return readValueFile(path);
}
