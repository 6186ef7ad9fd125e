import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';

const {
  ISSUER = 'http://localhost:3000',
  JWKS_URI = 'http://127.0.0.1:3000/.well-known/jwks.json',
  PORT = '4001',
} = process.env;

const app = await NestFactory.create<NestFastifyApplication>(
  AppModule.forRoot({ issuer: ISSUER, jwksUri: JWKS_URI }),
  new FastifyAdapter(),
);
await app.listen(Number(PORT), '127.0.0.1');
