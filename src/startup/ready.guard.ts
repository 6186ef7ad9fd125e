import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { UNAVAILABLE } from '../platform/errors/failure.js';
import { FailureError } from '../platform/errors/failure.error.js';
import { StartupService } from './startup.service.js';

const ALWAYS = 'served-before-ready';

/** Marks a controller that is served before the service is ready. */
export const ServedBeforeReady = () => SetMetadata(ALWAYS, true);

/** Refuses requests until the start has finished. */
@Injectable()
export class ReadyGuard implements CanActivate {
  constructor(
    private readonly startup: StartupService,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.startup.isReady || this.reflector.get(ALWAYS, context.getClass())) return true;
    throw new FailureError(UNAVAILABLE);
  }
}
