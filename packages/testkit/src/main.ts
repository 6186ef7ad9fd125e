#!/usr/bin/env node
import module from 'node:module';
import process from 'node:process';

// From Node 22 on, later starts skip the compilation of the bundle.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { main } = await import('./program.js');
const exitCode = await main(process.argv.slice(2));
// A connection that a client keeps open must not keep the program.
process.exit(exitCode);
