#!/usr/bin/env node
import { conformance } from './command.js';

process.exitCode = await conformance(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
