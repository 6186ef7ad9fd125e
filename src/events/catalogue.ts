/** What the catalogue says of an event. */
interface Description {
  /** When the event is recorded. */
  readonly emitted: string;
  /**
   * The outcomes that the event can have, each with its reasons and their meanings. An outcome may
   * have no reasons.
   */
  readonly outcomes: Readonly<Partial<Record<Outcome, Readonly<Record<string, string>>>>>;
}

/** Whether an action succeeded, failed or was throttled. */
export type Outcome = 'success' | 'failure' | 'throttled';

/** Stands for a reason that is a number. */
const COUNT = '{count}';

const WRONG_GUESS = {
  wrong_password: 'The account exists and the password is wrong.',
  unknown_name: 'No account has this username or email address.',
  account_disabled: 'An operator disabled the account. The password was checked, so that the time does not show this.',
} as const;

/**
 * Every security event: when it is recorded, its outcomes and their reasons. The type of events
 * derives from this table, so the compiler checks call sites, and `docs/reference/events.md` is
 * generated from it. A new event needs an entry here and a call of `SecurityEventsService.record`.
 */
export const EVENTS = {
  login: {
    emitted: 'A client logs in with a name and a password.',
    outcomes: { success: {}, failure: WRONG_GUESS, throttled: {} },
  },
  signup: {
    emitted: 'A client signs up.',
    outcomes: {
      success: {},
      failure: { user_exists: 'Another account has the username or the email address.' },
      throttled: {},
    },
  },
  refresh: {
    emitted: 'A client refreshes its tokens. At most one event a minute is recorded for each session.',
    outcomes: { success: {} },
  },
  replay: {
    emitted: 'A client presents a refresh token that was rotated before. This ends the session.',
    outcomes: { failure: {} },
  },
  logout: {
    emitted: 'A client logs out of a session that had not ended before.',
    outcomes: { success: {} },
  },
  session_end: {
    emitted: 'One or more sessions of an account end, but not by a logout or a replay.',
    outcomes: {
      success: {
        owner: 'The owner ended one session.',
        others: 'The owner ended all sessions except the one in use. There may have been no other.',
        all: 'The owner ended all sessions.',
        client: 'A client or a resource server revoked a token of the session (RFC 7009).',
        limit: 'The account had more than `MAX_SESSIONS` sessions, and the oldest were ended.',
      },
    },
  },
  password_change: {
    emitted: 'The owner changes the password or tries to. A success ends all other sessions.',
    outcomes: { success: {}, failure: WRONG_GUESS, throttled: {} },
  },
  key_rotation: {
    emitted: 'The set of signing keys changes.',
    outcomes: {
      success: {
        made: 'A replica or an operator made the next key.',
        retired: 'An operator retired a key, with every token that it signed.',
      },
    },
  },
  client_authentication: {
    emitted: 'A resource server fails to authenticate. Successes are not recorded.',
    outcomes: {
      failure: {
        wrong_secret: 'The client id is configured and the secret is wrong.',
        unknown_client: 'No client with this id is configured.',
      },
      throttled: {},
    },
  },
  events_left_out: {
    emitted: 'Events of one source, or of all sources together, exceeded the bound of a minute.',
    outcomes: { throttled: { [COUNT]: 'How many events were left out.' } },
  },
} as const satisfies Record<string, Description>;

/** The name of an event. */
export type EventName = keyof typeof EVENTS;

/** The outcomes that an event of this name can have. */
export type OutcomeOf<Name extends EventName> = keyof (typeof EVENTS)[Name]['outcomes'] & Outcome;

/** The reasons that an event of this name and outcome can have; never where it has none. */
export type ReasonOf<Name extends EventName, Of> = Of extends keyof (typeof EVENTS)[Name]['outcomes']
  ? Counted<keyof (typeof EVENTS)[Name]['outcomes'][Of]>
  : never;

/** Puts a number where the catalogue says {@link COUNT}. */
type Counted<Reason> = Reason extends typeof COUNT ? `${number}` : Reason;

/**
 * A member of the union: an event of one name and one outcome, with a reason where the catalogue
 * has reasons for it.
 */
type Member<Name extends EventName, Of> = {
  readonly event: Name;
  readonly outcome: Of;
  /** The account. Absent if there is none, for instance for an unknown name. */
  readonly userId?: string | undefined;
  readonly sessionId?: string | undefined;
} & ([ReasonOf<Name, Of>] extends [never] ? { readonly reason?: never } : { readonly reason: ReasonOf<Name, Of> });

/** The closed union of everything that can be recorded. Holds nothing that a client typed. */
export type SecurityEvent = {
  [Name in EventName]: { [Of in OutcomeOf<Name>]: Member<Name, Of> }[OutcomeOf<Name>];
}[EventName];
