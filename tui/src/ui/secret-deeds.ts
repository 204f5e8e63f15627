import { HqError } from '@hq/shared/errors';
import type { AgentRow, GatewayRow, SecretRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import type { House } from './house.ts';
import { ConfirmDialog } from './overlays/confirm-dialog.ts';
import { type FilledIn, SecretForm, type SecretFormOptions } from './overlays/secret-form.ts';
import { sentence } from './sentence.ts';
import { refusesToWrite, type Stage } from './stage.ts';

type Asking = Omit<SecretFormOptions, 'dismiss' | 'changed'>;

/** Stores, changes and deletes secrets: asks for what it needs, and tells what became of it. */
export class SecretDeeds {
  readonly #house: House;
  readonly #stage: Stage;

  constructor(house: House, stage: Stage) {
    this.#house = house;
    this.#stage = stage;
  }

  /** `agent`: whose it will be unless the operator says otherwise. */
  add(gateway: GatewayRow | null, agent: AgentRow | null): void {
    if (gateway === null) {
      this.#stage.messages.say('No gateway is selected.', 'warn');
      return;
    }
    this.#askFor(gateway, {
      title: 'Store a secret',
      fields: ['key', 'gateway', 'agent', 'category', 'note', 'value'],
      start: { gateway: gateway.slug, agent: agent?.slug ?? '' },
      submit: async (filledIn) => {
        const at = this.#find(filledIn);
        if (this.#exists(filledIn.key, at)) {
          throw new HqError('conflict', `There is a ${filledIn.key} already.`, {
            hint: 'Select it, and R gives it another value.',
          });
        }
        const { key, category, note } = filledIn;
        await this.#write(filledIn, { key, category, note, ...at });
      },
    });
  }

  rotate(secret: SecretRow): void {
    const gateway = this.#gateway(secret.gateway_id);
    if (gateway === null) return;
    this.#askFor(gateway, {
      title: `Another value for ${this.#called(secret)}`,
      fields: ['value'],
      start: {},
      submit: (filledIn) => this.#write(filledIn, { key: secret.key, gateway, agent: secret.agent_id }),
    });
  }

  note(secret: SecretRow): void {
    if (refusesToWrite(this.#stage)) return;
    this.#ask({
      title: `A remark on ${this.#called(secret)}`,
      fields: ['note'],
      start: { note: secret.note ?? '' },
      submit: async ({ note }) => {
        await this.#house.noteSecret(secret.id, note);
        this.#stage.messages.say('Noted.', 'good');
      },
    });
  }

  delete(secret: SecretRow): void {
    if (refusesToWrite(this.#stage)) return;
    const name = this.#called(secret);
    const whose = secret.agent_id === null ? 'Every agent of the gateway loses it.' : 'The agent loses it.';
    this.#stage.ask(
      new ConfirmDialog({
        title: `Delete ${name}`,
        sentences: [`${whose} Its value cannot be brought back.`],
        yes: 'Delete',
        typedName: secret.key,
        confirmed: () =>
          void this.#try(async () => {
            await this.#house.deleteSecret(secret.id);
            this.#stage.messages.say(`${name} deleted; it is being taken out of the files.`, 'good');
          }),
      }),
    );
  }

  /** Only where its value could be encrypted: nobody types a value for nothing. */
  #askFor(gateway: GatewayRow, form: Asking): void {
    if (refusesToWrite(this.#stage)) return;
    void this.#try(async () => {
      await this.#house.checkSecretsKey(gateway);
      this.#ask(form);
    });
  }

  #ask(form: Asking): void {
    const { ask, dismiss, changed } = this.#stage;
    ask(new SecretForm({ ...form, dismiss, changed }));
  }

  async #write(
    { value }: FilledIn,
    draft: Omit<Parameters<House['writeSecret']>[0], 'value'>,
  ): Promise<void> {
    const text = 'file' in value ? await readFile(value.file) : value.typed;
    const { secret, created } = await this.#house.writeSecret({ ...draft, value: text });
    const name = this.#called(secret);
    this.#stage.messages.say(
      `${name} ${created ? 'stored' : 'has another value'}; the runner is told.`,
      'good',
    );
  }

  #find({ gateway: slug, agent: agentSlug }: FilledIn): { gateway: GatewayRow; agent: string | null } {
    const gateway = this.#house.gateways.getSnapshot().rows.find((row) => row.slug === slug);
    if (gateway === undefined) {
      throw new HqError('not_found', `There is no gateway “${slug}”.`, { field: 'gateway' });
    }
    if (agentSlug === '') return { gateway, agent: null };
    const agent = this.#house.agents.getSnapshot().rows.find((row) => row.slug === agentSlug);
    if (agent?.gateway_id !== gateway.id) {
      throw new HqError('not_found', `There is no agent “${agentSlug}” on ${slug}.`, {
        field: 'agent',
        hint: 'Leave it empty for every agent.',
      });
    }
    return { gateway, agent: agent.id };
  }

  #exists(key: string, at: { readonly gateway: GatewayRow; readonly agent: string | null }): boolean {
    return this.#house.secrets
      .getSnapshot()
      .rows.some((row) => row.key === key && row.gateway_id === at.gateway.id && row.agent_id === at.agent);
  }

  #gateway(id: string): GatewayRow | null {
    const gateway = this.#house.gateways.getSnapshot().rows.find((row) => row.id === id);
    if (gateway === undefined) this.#stage.messages.warn('The gateway of this secret is gone.');
    return gateway ?? null;
  }

  /** `GITHUB_TOKEN of ada`. */
  #called({ key, gateway_id, agent_id }: SecretRow): string {
    const rows =
      agent_id === null ? this.#house.gateways.getSnapshot().rows : this.#house.agents.getSnapshot().rows;
    const owner = rows.find(({ id }) => id === (agent_id ?? gateway_id));
    return plain(`${key} of ${owner?.slug ?? 'one that is gone'}`);
  }

  async #try(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (failure) {
      this.#stage.messages.warn(sentence(failure));
    }
    this.#stage.changed();
  }
}

async function readFile(path: string): Promise<string> {
  const { readValueFile } = await import('../secrets/value-file.ts');
  return readValueFile(path);
}
