import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config/config.js';
import { SessionsRepository } from '../users/sessions.repository.js';
import type { UserState } from '../users/user.entity.js';

type Account = Pick<UserState, 'id' | 'sessionEpoch'>;

/** The most accounts whose logins are remembered until their sessions are counted. */
const REMEMBERED = 10_000;
/** Accounts of one statement. */
const BATCH = 128;
/**
 * The sessions of an account are counted after this share of `MAX_SESSIONS` logins, and after a
 * minute.
 */
const SHARE = 0.1;

/**
 * Ends the oldest live sessions of accounts that have more than `MAX_SESSIONS`. Sessions are
 * counted once a minute for the accounts that have logged in, and after every `MAX_SESSIONS` / 10
 * logins of one account. That saves each login a statement. So for up to a minute, an account may
 * have a tenth more sessions for each process.
 */
@Injectable()
export class SessionLimitService {
  private readonly logger = new Logger(SessionLimitService.name);
  private recent = new Map<string, Account & { logins: number }>();
  private readonly most: number;

  constructor(
    private readonly sessionRows: SessionsRepository,
    @Inject(CONFIG) { MAX_SESSIONS }: Config,
  ) {
    this.most = MAX_SESSIONS;
  }

  /**
   * Notes a login whose session was written. Ends surplus sessions when the account is due to be
   * counted.
   * @returns how many sessions were ended
   */
  async noteLogin({ id, sessionEpoch }: Account): Promise<number> {
    const logins = (this.recent.get(id)?.logins ?? 0) + 1;
    if (logins >= this.most * SHARE) {
      this.recent.delete(id);
      return this.endSurplus({ id, sessionEpoch });
    }
    if (this.recent.size < REMEMBERED || this.recent.has(id)) this.recent.set(id, { id, sessionEpoch, logins });
    return 0;
  }

  /**
   * Ends the surplus sessions of all accounts that have logged in since the last call.
   * @returns the ids of the accounts whose sessions were ended
   */
  async enforce(): Promise<string[]> {
    const recent = this.recent;
    this.recent = new Map();
    const ids = [...recent.keys()];
    const ended: string[] = [];
    for (let from = 0; from < ids.length; from += BATCH)
      for (const id of await this.sessionRows.findCrowded(ids.slice(from, from + BATCH), this.most)) {
        const account = recent.get(id);
        if (account && (await this.endSurplus(account)) > 0) ended.push(id);
      }
    return ended;
  }

  /**
   * Ends the oldest sessions of an account. A failure does not fail the login, since the next login
   * retries.
   */
  private async endSurplus(account: Account): Promise<number> {
    try {
      return await this.sessionRows.revokeBeyond(account, this.most);
    } catch (error) {
      this.logger.warn({ event: 'sessions_not_limited', user: account.id, err: error });
      return 0;
    }
  }
}
