import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { LessThanOrEqual, Repository } from 'typeorm';
import { Clock } from '../platform/clock/clock.js';
import { retrying } from '../platform/database/retrying.js';
import { isUniqueViolation } from '../platform/database/store-errors.js';
import { Lease } from './lease.entity.js';

/**
 * Decides which of several replicas does a piece of work: the first to ask. One conditional UPDATE
 * decides, so no lock outlives a replica.
 */
@Injectable()
export class LeasesService {
  constructor(
    @InjectRepository(Lease) private readonly leases: Repository<Lease>,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes a lease that is free.
   * @param seconds how long no other call gets the lease
   * @returns whether it was free
   */
  async take(name: string, seconds: number): Promise<boolean> {
    const now = this.clock.now();
    const takenUntil = now + seconds * 1000;
    const ended = { name, takenUntil: LessThanOrEqual(now) };
    const { affected } = await retrying(() => this.leases.update(ended, { takenUntil }));
    return affected === 1 || this.takeNew({ name, takenUntil });
  }

  private async takeNew(lease: Lease): Promise<boolean> {
    if (await this.leases.existsBy({ name: lease.name })) return false;
    try {
      await retrying(() => this.leases.insert(lease));
      return true;
    } catch (error) {
      if (isUniqueViolation(error)) return false;
      throw error;
    }
  }
}
