/** When a request was sent and answered, in milliseconds of one clock, and with what status. */
interface Answered {
  readonly start: number;
  readonly end: number;
  /** Undefined if no answer came. */
  readonly status: number | undefined;
  /** Whether the answer had a Retry-After. */
  readonly retryAfter?: boolean;
}

/**
 * A request and its answer. Sessions are identified by their id, accounts by their name. Passwords
 * are always right.
 */
export type Operation = Answered &
  (
    | { readonly kind: 'sign-up' | 'login'; readonly name: string }
    /** `presented`: the refresh token of the request; `issued`: its successor. */
    | {
        readonly kind: 'refresh';
        readonly session: string;
        readonly presented: string;
        readonly issued?: string | undefined;
      }
    | { readonly kind: 'use' | 'logout'; readonly session: string }
  );

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;
type InSession = Of<'refresh' | 'use' | 'logout'>;

/**
 * Returns the violations of the service's promises, one line each. Nothing acknowledged is lost,
 * and no token is accepted after an acknowledged logout. Each session has one lineage of tokens.
 * The only failure is 503 with `Retry-After`. Concurrent requests may have been applied in either
 * order. A request without acknowledgement may have been applied or not.
 */
export function violationsOf(history: readonly Operation[]): string[] {
  const accounts = history.filter((operation): operation is Of<'sign-up' | 'login'> => 'name' in operation);
  const sessions = history.filter((operation): operation is InSession => 'session' in operation);
  return [
    ...history.flatMap(invalidAnswer),
    ...groups(accounts, ({ name }) => name).flatMap(violationsOfAccount),
    ...groups(sessions, ({ session }) => session).flatMap(violationsOfSession),
  ];
}

function invalidAnswer(operation: Operation): string[] {
  const { status, retryAfter } = operation;
  if (status === undefined) return [`no answer: ${textOf(operation)}`];
  if (status === 503 && !retryAfter) return [`503 without Retry-After: ${textOf(operation)}`];
  return status === 503 || [200, 201, 204, 401, 409].includes(status) ? [] : [`invalid answer: ${textOf(operation)}`];
}

function violationsOfAccount(operations: readonly Of<'sign-up' | 'login'>[]): string[] {
  const signUps = operations.filter(({ kind }) => kind === 'sign-up');
  const made = signUps.filter(isAcknowledged);
  const violations = made.slice(1).map((second) => `one name given twice: ${textOf(second)}`);

  for (const refused of signUps.filter(({ status }) => status === 409)) {
    // The name may have been taken by any earlier sign-up that was not refused.
    const others = signUps.filter((other) => other.status !== 409 && other.start < refused.end);
    if (others.length === 0) violations.push(`refused a free name: ${textOf(refused)}`);
  }
  for (const login of operations.filter(({ kind, status }) => kind === 'login' && status === 401))
    if (made.some((signUp) => signUp.end < login.start)) violations.push(`account lost: ${textOf(login)}`);
  return violations;
}

function violationsOfSession(operations: readonly InSession[]): string[] {
  const violations: string[] = [];
  const refreshes = operations.filter(({ kind }) => kind === 'refresh') as Of<'refresh'>[];
  const uses = operations.filter(({ kind }) => kind !== 'logout') as Of<'refresh' | 'use'>[];
  const logouts = operations.filter(({ kind }) => kind === 'logout');

  const loggedOutAt = Math.min(...logouts.filter(isAcknowledged).map(({ end }) => end));
  for (const use of uses)
    if (isAcknowledged(use) && use.start > loggedOutAt) violations.push(`alive after its logout: ${textOf(use)}`);

  // A refresh token is a replay once its successor was used, and a replay ends the session too.
  const presentedAt = (token: string | undefined) =>
    Math.min(...refreshes.filter(({ presented }) => presented === token).map(({ start }) => start));
  const supersededAt = (token: string) =>
    Math.min(
      ...refreshes
        .filter(({ presented }) => presented === token)
        .map(({ issued }) => (issued ? presentedAt(issued) : Infinity)),
    );
  const endings = [...logouts, ...refreshes.filter(({ presented, end }) => supersededAt(presented) < end)];
  const mayHaveEndedAt = Math.min(...endings.map(({ start }) => start));
  for (const use of uses)
    if (use.status === 401 && use.end <= mayHaveEndedAt) violations.push(`session lost: ${textOf(use)}`);

  for (const same of groups(refreshes.filter(isAcknowledged), ({ presented }) => presented))
    if (new Set(same.map(({ issued }) => issued)).size > 1) violations.push(`two lineages: ${textOf(same[0]!)}`);
  return violations;
}

function isAcknowledged({ status }: Operation): boolean {
  return status !== undefined && status < 300;
}

function textOf(operation: Operation): string {
  const { kind, status, start, end } = operation;
  const subject = 'name' in operation ? operation.name : operation.session;
  return `${kind} of ${subject}, ${start.toFixed(1)} to ${end.toFixed(1)} ms, ${status ?? 'unanswered'}`;
}

function groups<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const byKey = new Map<string, Item[]>();
  for (const item of items) byKey.set(keyOf(item), [...(byKey.get(keyOf(item)) ?? []), item]);
  return [...byKey.values()];
}
