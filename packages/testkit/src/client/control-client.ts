/** An answer of the control plane that is no success. */
export class ControlError extends Error {
  constructor(
    readonly status: number,
    readonly problem: { readonly detail?: string; readonly errors?: Record<string, string[]> },
  ) {
    super(`the test kit answers ${status}: ${problem.detail ?? 'no detail'} ${JSON.stringify(problem.errors ?? {})}`);
  }
}

/** Calls the control plane of a tenant. */
export class ControlClient {
  /** @param url base URL of the tenant */
  constructor(private readonly url: string) {}

  /**
   * Sends a request with a JSON body, if there is one.
   * @returns the parsed answer, undefined for an empty one
   * @throws ControlError for an answer that is no success
   */
  async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.url}/_test/v1${path}`, {
      method,
      ...(body !== undefined && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = (text === '' ? undefined : JSON.parse(text)) as Answer;
    if (!response.ok) throw new ControlError(response.status, parsed as ControlError['problem']);
    return parsed;
  }
}
