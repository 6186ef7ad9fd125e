import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JobsModule } from '../jobs/jobs.module.js';
import { EventBus } from './event-bus.js';
import { EventLog } from './event-log.js';
import { EventRow } from './event-row.entity.js';
import { EventTable } from './event-table.js';
import { EventWriter } from './event-writer.js';
import { EventsJobs } from './events.jobs.js';
import { SecurityEventsService } from './security-events.service.js';

/**
 * Security events: a bus with the log and the table as its subscribers. Other features subscribe to
 * {@link EventBus}.
 */
@Module({
  imports: [TypeOrmModule.forFeature([EventRow]), JobsModule],
  providers: [EventBus, EventLog, EventTable, EventWriter, EventsJobs, SecurityEventsService],
  exports: [EventBus, SecurityEventsService],
})
export class EventsModule {}
