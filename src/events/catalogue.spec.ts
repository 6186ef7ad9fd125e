import { describe, expect, expectTypeOf, it } from 'vitest';
import { EVENTS, type EventName, type SecurityEvent } from './catalogue.js';

type Reason<Name extends EventName, Of> = Extract<SecurityEvent, { event: Name; outcome: Of }>['reason'];

/** Lengths of the columns of the table `events`. */
const COLUMNS = { event: 32, outcome: 16, reason: 64 };

describe('The catalogue of events', () => {
  it.each(Object.entries(EVENTS))('describes %s in whole sentences', (name, { emitted, outcomes }) => {
    const texts = [emitted, ...Object.values(outcomes).flatMap((reasons) => Object.values(reasons))];
    for (const text of texts) expect(text).toMatch(/^[A-Z].*\.$/);
    expect(name.length).toBeLessThanOrEqual(COLUMNS.event);
    for (const [outcome, reasons] of Object.entries(outcomes)) {
      expect(outcome.length).toBeLessThanOrEqual(COLUMNS.outcome);
      for (const reason of Object.keys(reasons)) expect(reason.length).toBeLessThanOrEqual(COLUMNS.reason);
    }
  });

  it('lets each event have only its own outcomes and reasons', () => {
    expectTypeOf<Extract<SecurityEvent, { event: 'replay' }>['outcome']>().toEqualTypeOf<'failure'>();
    expectTypeOf<Extract<SecurityEvent, { event: 'signup' }>['outcome']>().toEqualTypeOf<
      'success' | 'failure' | 'throttled'
    >();
    expectTypeOf<Reason<'login', 'failure'>>().toEqualTypeOf<'wrong_password' | 'unknown_name' | 'account_disabled'>();
    expectTypeOf<Reason<'login', 'success'>>().toEqualTypeOf<undefined>();
    expectTypeOf<Reason<'key_rotation', 'success'>>().toEqualTypeOf<'made' | 'retired'>();
    expectTypeOf<Reason<'events_left_out', 'throttled'>>().toEqualTypeOf<`${number}`>();
    expectTypeOf<{ event: 'session_end'; outcome: 'success' }>().not.toExtend<SecurityEvent>();
    expectTypeOf<{ event: 'login'; outcome: 'success'; reason: 'wrong_password' }>().not.toExtend<SecurityEvent>();
  });
});
