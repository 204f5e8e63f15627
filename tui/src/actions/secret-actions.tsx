import { HqError } from '@hq/shared/errors';
import type { AgentRow, GatewayRow, SecretRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import { type FilledIn, SecretForm, type SecretFormProps } from '../dialogs/secret-form.tsx';
import type { Session } from '../session/session.ts';
import { type ActionContext, refusesToWrite } from './action-context.ts';
import { errorText } from './error-text.ts';

type Form = Omit<SecretFormProps, 'onClose'>;

/** Stores, changes and deletes secrets: asks for what it needs, and reports what became of it. */
export class SecretActions {
  readonly #session: Session;
  readonly #context: ActionContext;

  constructor(session: Session, context: ActionContext) {
    this.#session = session;
    this.#context = context;
  }

  /** `agent`: its owner unless the operator says otherwise. */
  add(gateway: GatewayRow | null, agent: AgentRow | null): void {
    if (gateway === null) {
      this.#context.messages.say('No gateway is selected.', 'warn');
      return;
    }
    this.#openChecked(gateway, {
      title: 'Store a secret',
      fields: ['key', 'gateway', 'agent', 'category', 'note', 'value'],
      start: { gateway: gateway.slug, agent: agent?.slug ?? '' },
      submit: async (filledIn) => {
        const owner = this.#findOwner(filledIn);
        if (this.#exists(filledIn.key, owner)) {
          throw new HqError('conflict', `There is a ${filledIn.key} already.`, {
            hint: 'Select it, and R gives it another value.',
          });
        }
        const { key, category, note } = filledIn;
        await this.#write(filledIn, { key, category, note, ...owner });
      },
    });
  }

  rotate(secret: SecretRow): void {
    const gateway = this.#gateway(secret.gateway_id);
    if (gateway === null) return;
    this.#openChecked(gateway, {
      title: `Another value for ${this.#nameOf(secret)}`,
      fields: ['value'],
      start: {},
      submit: (filledIn) => this.#write(filledIn, { key: secret.key, gateway, agent: secret.agent_id }),
    });
  }

  note(secret: SecretRow): void {
    if (refusesToWrite(this.#context)) return;
    this.#open({
      title: `A remark on ${this.#nameOf(secret)}`,
      fields: ['note'],
      start: { note: secret.note ?? '' },
      submit: async ({ note }) => {
        await this.#session.noteSecret(secret.id, note);
        this.#context.messages.say('Noted.', 'good');
      },
    });
  }

  delete(secret: SecretRow): void {
    const { messages, overlays } = this.#context;
    if (refusesToWrite(this.#context)) return;
    const name = this.#nameOf(secret);
    const loss = secret.agent_id === null ? 'Every agent of the gateway loses it.' : 'The agent loses it.';
    overlays.open((close) => (
      <ConfirmDialog
        title={`Delete ${name}`}
        sentences={[`${loss} Its value cannot be brought back.`]}
        yes="Delete"
        typedName={secret.key}
        onConfirm={() =>
          void this.#try(async () => {
            await this.#session.deleteSecret(secret.id);
            messages.say(`${name} deleted; it is being taken out of the files.`, 'good');
          })
        }
        onClose={close}
      />
    ));
  }

  /** Opens a form only where its value could be encrypted: nobody types a value for nothing. */
  #openChecked(gateway: GatewayRow, form: Form): void {
    if (refusesToWrite(this.#context)) return;
    void this.#try(async () => {
      await this.#session.checkSecretsKey(gateway);
      this.#open(form);
    });
  }

  #open(form: Form): void {
    this.#context.overlays.open((close) => <SecretForm {...form} onClose={close} />);
  }

  async #write(
    { value }: FilledIn,
    draft: Omit<Parameters<Session['writeSecret']>[0], 'value'>,
  ): Promise<void> {
    const text = 'file' in value ? await readFile(value.file) : value.typed;
    const { secret, created } = await this.#session.writeSecret({ ...draft, value: text });
    const name = this.#nameOf(secret);
    this.#context.messages.say(
      `${name} ${created ? 'stored' : 'has another value'}; the runner is told.`,
      'good',
    );
  }

  #findOwner({ gateway: slug, agent: agentSlug }: FilledIn): { gateway: GatewayRow; agent: string | null } {
    const gateway = this.#session.gateways.getSnapshot().rows.find((row) => row.slug === slug);
    if (gateway === undefined) {
      throw new HqError('not_found', `There is no gateway “${slug}”.`, { field: 'gateway' });
    }
    if (agentSlug === '') return { gateway, agent: null };
    const agent = this.#session.agents.getSnapshot().rows.find((row) => row.slug === agentSlug);
    if (agent?.gateway_id !== gateway.id) {
      throw new HqError('not_found', `There is no agent “${agentSlug}” on ${slug}.`, {
        field: 'agent',
        hint: 'Leave it empty for every agent.',
      });
    }
    return { gateway, agent: agent.id };
  }

  #exists(key: string, owner: { readonly gateway: GatewayRow; readonly agent: string | null }): boolean {
    return this.#session.secrets
      .getSnapshot()
      .rows.some(
        (row) => row.key === key && row.gateway_id === owner.gateway.id && row.agent_id === owner.agent,
      );
  }

  #gateway(id: string): GatewayRow | null {
    const gateway = this.#session.gateways.getSnapshot().rows.find((row) => row.id === id);
    if (gateway === undefined) this.#context.messages.warn('The gateway of this secret is gone.');
    return gateway ?? null;
  }

  /** `GITHUB_TOKEN of ada`. */
  #nameOf({ key, gateway_id, agent_id }: SecretRow): string {
    const rows =
      agent_id === null ? this.#session.gateways.getSnapshot().rows : this.#session.agents.getSnapshot().rows;
    const owner = rows.find(({ id }) => id === (agent_id ?? gateway_id));
    return plain(`${key} of ${owner?.slug ?? 'one that is gone'}`);
  }

  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (failure) {
      this.#context.messages.warn(errorText(failure));
    }
  }
}

async function readFile(path: string): Promise<string> {
  const { readValueFile } = await import('../secrets/value-file.ts');
  return readValueFile(path);
}
