import { ControlClient } from './control-client.js';

/** An account to be made. What is left out is made up, and unique. */
export interface AccountInput {
  readonly username?: string;
  readonly password?: string;
  /** An argon2 hash in the PHC string format, instead of a password. */
  readonly password_hash?: string;
  readonly email?: string;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly disabled?: boolean;
  readonly id?: string;
}

/** An account that was made. `access` and `refresh` are there if tokens were asked for. */
export interface Account {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly password: string;
  readonly access?: string;
  readonly refresh?: string;
}

/** An account as the service has it. */
export interface AccountState {
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly first_name: string;
  readonly last_name: string;
  readonly disabled: boolean;
  readonly created_at: string;
}

/** What is wrong with a minted access token. */
export type Flaw =
  | 'expired'
  | 'foreign-key'
  | 'unknown-kid'
  | 'alg-none'
  | 'tampered'
  | 'wrong-issuer'
  | 'refresh-as-access'
  | 'logged-out';

export interface TokenOptions {
  /** Seconds from `issued_at` to the end of the access token; may be negative. */
  readonly expires_in?: number;
  /** Seconds since 1970. */
  readonly issued_at?: number;
  /** Further claims of the access token. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly flaw?: Flaw;
}

export interface TokenPair {
  readonly access: string;
  readonly refresh: string;
  readonly sid: string;
}

export interface Time {
  readonly now: string;
  readonly frozen: boolean;
}

/** Settings by the names of their environment variables: `{ ACCESS_TOKEN_TTL: 60 }`. */
export type SettingValues = Readonly<Record<string, string | number>>;

export interface SecurityEvent {
  readonly event: string;
  readonly outcome: string;
  readonly reason: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly at: number;
}

/** A fault to add. */
export interface FaultInput {
  /** Which requests it befalls; every request unless given. */
  readonly match?: {
    readonly method?: string;
    /** A path below the base URL. With `*` at its end, every path that begins so. */
    readonly path?: string;
    /** The `username` in the body of the request. */
    readonly username?: string;
  };
  /** Before the handler runs (default), or after it has finished and everything is written. */
  readonly when?: 'before' | 'after';
  readonly action: 'fail' | 'delay' | 'truncate' | 'drop';
  /**
   * For `fail`: what the service refuses, in the words of the route. A code such as `unavailable`,
   * or a code with its parameters such as `{ code: 'throttled', retryAfter: 60 }`.
   */
  readonly failure?: string | Readonly<{ code: string; [parameter: string]: unknown }>;
  /** For `delay`. */
  readonly delay_ms?: number;
  /** How many requests it befalls (default 1). */
  readonly times?: number;
  /** How many requests that match pass before (default 0). */
  readonly skip?: number;
}

/** A fault with what is left of it. */
export interface FaultState extends FaultInput {
  readonly id: string;
  /** How often it will still fire. */
  readonly times: number;
  readonly fired: number;
}

/** A message that the service would have sent. It sends none yet. */
export interface Message {
  readonly to: string;
  /** What the message is for, for example `verify_email`. */
  readonly kind: string;
  readonly code: string | null;
  readonly link: string | null;
  readonly sent_at: string;
  readonly subject: string;
  readonly text: string;
}

/** A request and its answer. */
export interface CapturedRequest {
  readonly at: string;
  readonly method: string;
  readonly url: string;
  /** 0 if a fault has dropped the answer. */
  readonly status: number;
  /** What a fault has done to this exchange. */
  readonly fault?: FaultInput['action'];
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly body?: unknown };
  readonly answer: { readonly headers: Readonly<Record<string, string>>; readonly body?: unknown };
}

/** A difference between an exchange and the OpenAPI document of the service. */
export interface Violation {
  /** `answer`: a fault of the service. `request`: a fault of the client. */
  readonly side: 'answer' | 'request';
  readonly kind:
    | 'undocumented_route'
    | 'undocumented_status'
    | 'undocumented_media_type'
    | 'missing_header'
    | 'wrong_body'
    | 'unknown_route'
    | 'unknown_field'
    | 'wrong_media_type'
    | 'credentials_in_query'
    | 'early_retry';
  readonly message: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
}

/** An exchange that a test has captured itself. */
export interface CapturedExchange {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** The text of the body, or the value that its JSON stands for. */
  readonly body?: unknown;
  readonly request?: {
    readonly headers?: Readonly<Record<string, string | string[]>>;
    readonly body?: unknown;
  };
}

/** A tenant of a running kit. Every method is one request to the control plane. */
export class Latchkey {
  private readonly control: ControlClient;

  /** @param url base URL of the tenant, for the application under test */
  constructor(readonly url: string) {
    this.control = new ControlClient(url);
  }

  readonly accounts = {
    /** Makes an account. `tokens` opens a session for it. */
    create: (input: AccountInput & { readonly tokens?: boolean } = {}): Promise<Account> =>
      this.control.call('POST', '/accounts', input),
    /** Makes accounts, all or none. */
    createMany: async (
      inputs: readonly AccountInput[],
      { tokens = false }: { readonly tokens?: boolean } = {},
    ): Promise<Account[]> =>
      (await this.control.call<{ accounts: Account[] }>('POST', `/accounts?tokens=${tokens}`, inputs)).accounts,
    /** Makes `count` accounts by a template, in which `{n}` stands for its number. */
    generate: async (
      count: number,
      template: AccountInput = {},
      { tokens = false }: { readonly tokens?: boolean } = {},
    ): Promise<Account[]> =>
      (await this.control.call<{ accounts: Account[] }>('POST', '/accounts', { count, template, tokens })).accounts,
    list: async (prefix = ''): Promise<AccountState[]> =>
      (await this.control.call<{ accounts: AccountState[] }>('GET', `/accounts?prefix=${encodeURIComponent(prefix)}`))
        .accounts,
    find: (id: string): Promise<AccountState> => this.control.call('GET', `/accounts/${encodeURIComponent(id)}`),
    disable: (id: string): Promise<AccountState> => this.changeAccount(id, { disabled: true }),
    enable: (id: string): Promise<AccountState> => this.changeAccount(id, { disabled: false }),
    setPassword: (id: string, password: string): Promise<AccountState> => this.changeAccount(id, { password }),
    remove: (id: string): Promise<void> => this.control.call('DELETE', `/accounts/${encodeURIComponent(id)}`),
    /** @returns how many accounts were removed */
    removeByPrefix: async (prefix: string): Promise<number> =>
      (await this.control.call<{ removed: number }>('DELETE', `/accounts?prefix=${encodeURIComponent(prefix)}`))
        .removed,
  };

  readonly tokens = {
    /** Opens a session for an account, and returns its tokens. */
    mint: (username: string, options: TokenOptions = {}): Promise<TokenPair> =>
      this.control.call('POST', '/tokens', { username, ...options }),
  };

  readonly clock = {
    read: (): Promise<Time> => this.control.call('GET', '/clock'),
    /** Moves the time forward. */
    advance: (seconds: number): Promise<Time> => this.control.call('POST', '/clock/advance', { seconds }),
    set: (now: Date): Promise<Time> => this.control.call('PUT', '/clock', { now: now.toISOString() }),
    freeze: (): Promise<Time> => this.control.call('PUT', '/clock', { frozen: true }),
    unfreeze: (): Promise<Time> => this.control.call('PUT', '/clock', { frozen: false }),
  };

  readonly settings = {
    read: (): Promise<SettingValues> => this.control.call('GET', '/settings'),
    change: (values: SettingValues): Promise<SettingValues> => this.control.call('PATCH', '/settings', values),
  };

  readonly limits = {
    /** Clears the counters, which ends every 429. */
    clear: (): Promise<void> => this.control.call('DELETE', '/limits'),
  };

  readonly events = {
    list: async (): Promise<SecurityEvent[]> =>
      (await this.control.call<{ events: SecurityEvent[] }>('GET', '/events')).events,
  };

  readonly faults = {
    /** Makes the next request that matches fail, or the next `times`. */
    add: (fault: FaultInput): Promise<FaultState> => this.control.call('POST', '/faults', fault),
    list: async (): Promise<FaultState[]> =>
      (await this.control.call<{ faults: FaultState[] }>('GET', '/faults')).faults,
    remove: (id: string): Promise<void> => this.control.call('DELETE', `/faults/${encodeURIComponent(id)}`),
    clear: (): Promise<void> => this.control.call('DELETE', '/faults'),
  };

  readonly outbox = {
    list: async (): Promise<Message[]> => (await this.control.call<{ messages: Message[] }>('GET', '/outbox')).messages,
    clear: (): Promise<void> => this.control.call('DELETE', '/outbox'),
    /**
     * Waits for a matching message that no call has returned before.
     * @returns undefined if none arrives within `timeout` seconds of real time
     */
    next: ({ timeout = 10, ...match }: { to?: string; kind?: string; timeout?: number } = {}): Promise<
      Message | undefined
    > =>
      this.control.call(
        'GET',
        `/outbox/next?${new URLSearchParams({ ...match, timeout: String(timeout) }).toString()}`,
      ),
  };

  readonly requests = {
    /** The last 1,000 requests with their answers, the oldest first. Secrets are masked. */
    list: async (): Promise<CapturedRequest[]> =>
      (await this.control.call<{ requests: CapturedRequest[] }>('GET', '/requests')).requests,
  };

  readonly contract = {
    /**
     * Where answers and requests of this tenant differ from the OpenAPI document, the oldest first.
     * The last 1,000 since the start, the last reset or the last `clear`.
     */
    violations: async (): Promise<Violation[]> =>
      (await this.control.call<{ violations: Violation[] }>('GET', '/contract/violations')).violations,
    clear: (): Promise<void> => this.control.call('DELETE', '/contract/violations'),
    /** Checks exchanges. `exchange` is the place of the exchange in the argument, from 0. */
    check: async (
      captured: CapturedExchange | readonly CapturedExchange[],
    ): Promise<(Violation & { readonly exchange: number })[]> =>
      (
        await this.control.call<{ violations: (Violation & { exchange: number })[] }>(
          'POST',
          '/contract/check',
          captured,
        )
      ).violations,
  };

  /** Removes all but the signing keys, restores clock and settings, and seeds again. */
  reset(): Promise<void> {
    return this.control.call('POST', '/reset');
  }

  private changeAccount(id: string, change: object): Promise<AccountState> {
    return this.control.call('PATCH', `/accounts/${encodeURIComponent(id)}`, change);
  }
}
