import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import regexp from 'eslint-plugin-regexp';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/', 'data/', 'node_modules/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Fastify tells asynchronous hooks from callbacks by `async`.
      '@typescript-eslint/require-await': 'off',
      // Claims and environment variables are read by name from index signatures.
      '@typescript-eslint/dot-notation': 'off',
      // Plain objects are what Nest's options and class-validator's errors are made of.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    plugins: { regexp },
    rules: {
      // Input decides how long a regular expression takes, which must not grow faster than the input.
      'regexp/no-super-linear-backtracking': ['error', { report: 'potential' }],
      'regexp/no-super-linear-move': ['error', { report: 'potential', ignorePartial: false, ignoreSticky: false }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/platform/config/**', '**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Only src/platform/config reads the environment.',
        },
      ],
    },
  },
  {
    files: ['src/{identity,sessions,passwords,users,limits,keys,events,jobs}/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['node:http', 'fastify'], message: 'The core knows no wire.' },
            {
              group: ['@nestjs/common'],
              importNamePattern: 'Exception$|^HttpStatus$',
              message: 'The core throws AuthError; each contract answers it.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts', '**/*.spec.ts'],
    rules: {
      // Bodies are validated against the OpenAPI document before a test reads them, and what is missing fails the test.
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['scripts/**/*.js', 'bench/**/*.js', 'examples/**/*.js', '*.js'],
    languageOptions: {
      globals: {
        ...{ process: 'readonly', console: 'readonly', fetch: 'readonly', setTimeout: 'readonly', URL: 'readonly' },
        ...{ AbortController: 'readonly', AbortSignal: 'readonly', Buffer: 'readonly', performance: 'readonly' },
      },
    },
  },
  prettier,
);
