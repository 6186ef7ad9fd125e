import { type DynamicModule, Module } from '@nestjs/common';
import { AppController } from './app.controller.js';
import { LATCHKEY_OPTIONS, type LatchkeyOptions, LatchkeyStrategy } from './latchkey.strategy.js';

@Module({})
export class AppModule {
  static forRoot(options: LatchkeyOptions): DynamicModule {
    return {
      module: AppModule,
      controllers: [AppController],
      providers: [LatchkeyStrategy, { provide: LATCHKEY_OPTIONS, useValue: options }],
    };
  }
}
