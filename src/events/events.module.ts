import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventWriter } from './event-writer.js';
import { SecurityEvent } from './security-event.entity.js';
import { SecurityEventsService } from './security-events.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([SecurityEvent])],
  providers: [EventWriter, SecurityEventsService],
  exports: [SecurityEventsService],
})
export class EventsModule {}
