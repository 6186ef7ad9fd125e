/** When a request was sent, and what was answered when; times in milliseconds of one clock. */
interface Answered {
  readonly start: number;
  readonly end: number;
  /** Undefined: no answer came. */
  readonly status: number | undefined;
  /** Whether the answer said when to ask again. */
  readonly retryAfter?: boolean;
}

/** What was asked, and what the answer gave. Sessions go by their id, accounts by their name; passwords are always right. */
export type Operation = Answered &
  (
    | { readonly kind: 'sign-up' | 'login'; readonly name: string }
    /** `spent`: the refresh token; `given`: its successor */
    | {
        readonly kind: 'refresh';
        readonly session: string;
        readonly spent: string;
        readonly given?: string | undefined;
      }
    | { readonly kind: 'use' | 'logout'; readonly session: string }
  );

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>;
type InSession = Of<'refresh' | 'use' | 'logout'>;

/**
 * What contradicts the promises of the service, one line each: nothing acknowledged is lost, no token lives on after an acknowledged
 * logout, a session has one living lineage, and nothing goes wrong but by 503 with `Retry-After`.
 * Requests that were under way together may have taken place in either order, and one that was not acknowledged may have or not.
 */
export function violationsOf(history: readonly Operation[]): string[] {
  const accounts = history.filter((operation): operation is Of<'sign-up' | 'login'> => 'name' in operation);
  const sessions = history.filter((operation): operation is InSession => 'session' in operation);
  return [
    ...history.flatMap(unfitAnswer),
    ...groups(accounts, ({ name }) => name).flatMap(violationsOfAccount),
    ...groups(sessions, ({ session }) => session).flatMap(violationsOfSession),
  ];
}

function unfitAnswer(operation: Operation): string[] {
  const { status, retryAfter } = operation;
  if (status === undefined) return [`no answer: ${told(operation)}`];
  if (status === 503 && !retryAfter) return [`503 without Retry-After: ${told(operation)}`];
  return status === 503 || [200, 201, 204, 401, 409].includes(status) ? [] : [`unfit answer: ${told(operation)}`];
}

function violationsOfAccount(operations: readonly Of<'sign-up' | 'login'>[]): string[] {
  const signUps = operations.filter(({ kind }) => kind === 'sign-up');
  const made = signUps.filter(isAcknowledged);
  const violations = made.slice(1).map((second) => `one name given twice: ${told(second)}`);

  for (const refused of signUps.filter(({ status }) => status === 409)) {
    // Made by one that was acknowledged, or that may have been.
    const others = signUps.filter((other) => other.status !== 409 && other.start < refused.end);
    if (others.length === 0) violations.push(`refused a name that nobody had: ${told(refused)}`);
  }
  for (const login of operations.filter(({ kind, status }) => kind === 'login' && status === 401))
    if (made.some((signUp) => signUp.end < login.start)) violations.push(`account lost: ${told(login)}`);
  return violations;
}

function violationsOfSession(operations: readonly InSession[]): string[] {
  const violations: string[] = [];
  const refreshes = operations.filter(({ kind }) => kind === 'refresh') as Of<'refresh'>[];
  const uses = operations.filter(({ kind }) => kind !== 'logout') as Of<'refresh' | 'use'>[];
  const logouts = operations.filter(({ kind }) => kind === 'logout');

  const loggedOutAt = Math.min(...logouts.filter(isAcknowledged).map(({ end }) => end));
  for (const use of uses)
    if (isAcknowledged(use) && use.start > loggedOutAt) violations.push(`alive after its logout: ${told(use)}`);

  // A refresh token whose successor is spent already is a replay, which ends the session too.
  const spentAt = (token: string | undefined) =>
    Math.min(...refreshes.filter(({ spent }) => spent === token).map(({ start }) => start));
  const supersededAt = (token: string) =>
    Math.min(
      ...refreshes.filter(({ spent }) => spent === token).map(({ given }) => (given ? spentAt(given) : Infinity)),
    );
  const endings = [...logouts, ...refreshes.filter(({ spent, end }) => supersededAt(spent) < end)];
  const mayHaveEndedAt = Math.min(...endings.map(({ start }) => start));
  for (const use of uses)
    if (use.status === 401 && use.end <= mayHaveEndedAt) violations.push(`session lost: ${told(use)}`);

  for (const same of groups(refreshes.filter(isAcknowledged), ({ spent }) => spent))
    if (new Set(same.map(({ given }) => given)).size > 1) violations.push(`two lineages: ${told(same[0]!)}`);
  return violations;
}

function isAcknowledged({ status }: Operation): boolean {
  return status !== undefined && status < 300;
}

function told(operation: Operation): string {
  const { kind, status, start, end } = operation;
  const whose = 'name' in operation ? operation.name : operation.session;
  return `${kind} of ${whose}, ${start.toFixed(1)} to ${end.toFixed(1)} ms, ${status ?? 'unanswered'}`;
}

function groups<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  const byKey = new Map<string, Item[]>();
  for (const item of items) byKey.set(keyOf(item), [...(byKey.get(keyOf(item)) ?? []), item]);
  return [...byKey.values()];
}
