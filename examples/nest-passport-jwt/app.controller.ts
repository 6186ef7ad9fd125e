import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import { LatchkeyGuard } from './latchkey.guard.js';
import type { Caller } from './latchkey.strategy.js';

@Controller()
export class AppController {
  /** Returns the id of the caller. */
  @UseGuards(LatchkeyGuard)
  @Get()
  whoAmI(@Req() { user }: { user: Caller }): Caller {
    return user;
  }
}
