import { Injectable } from '@nestjs/common';

/** The only source of time, so that tests move time instead of sleeping. */
@Injectable()
export class Clock {
  /** Returns the time, in milliseconds since 1970-01-01 UTC. */
  now(): number {
    return Date.now();
  }
}
