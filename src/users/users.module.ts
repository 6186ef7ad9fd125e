import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Session } from './session.entity.js';
import { LastUsesService } from './last-uses.service.js';
import { RotationsService } from './rotations.service.js';
import { SessionLimitService } from './session-limit.service.js';
import { SessionsService } from './sessions.service.js';
import { User } from './user.entity.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([User, Session])],
  providers: [UsersService, SessionsService, SessionLimitService, RotationsService, LastUsesService],
  exports: [UsersService, SessionsService, SessionLimitService, RotationsService, LastUsesService],
})
export class UsersModule {}
