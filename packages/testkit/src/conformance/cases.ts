import type { Case } from './case.js';
import { CASES_ACROSS } from './cases-across.js';
import { CASES_A } from './cases-a.js';
import { CASES_B } from './cases-b.js';

export const CASES: readonly Case[] = [...CASES_A, ...CASES_B, ...CASES_ACROSS];
