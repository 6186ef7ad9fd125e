import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Session } from './session.entity.js';
import { SessionsRepository } from './sessions.repository.js';
import { User } from './user.entity.js';
import { UsersRepository } from './users.repository.js';

/** The rows of accounts and sessions. The core decides who may do what with them. */
@Module({
  imports: [TypeOrmModule.forFeature([User, Session])],
  providers: [UsersRepository, SessionsRepository],
  exports: [UsersRepository, SessionsRepository],
})
export class UsersModule {}
