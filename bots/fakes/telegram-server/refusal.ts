/** What the Bot API answers instead of a result. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly parameters: RefusalParameters | undefined;

  constructor(status: number, description: string, parameters?: RefusalParameters) {
    super(description);
    this.status = status;
    this.parameters = parameters;
  }
}

export interface RefusalParameters {
  readonly retry_after?: number;
  readonly migrate_to_chat_id?: number;
}

export function badRequest(reason: string): Refusal {
  return new Refusal(400, `Bad Request: ${reason}`);
}
