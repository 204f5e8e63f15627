/** An error response of the Bot API. */
export class ApiError extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly parameters: ApiErrorParameters | undefined;

  constructor(status: number, description: string, parameters?: ApiErrorParameters) {
    super(description);
    this.status = status;
    this.parameters = parameters;
  }
}

export interface ApiErrorParameters {
  readonly retry_after?: number;
  readonly migrate_to_chat_id?: number;
}

export function badRequest(reason: string): ApiError {
  return new ApiError(400, `Bad Request: ${reason}`);
}
