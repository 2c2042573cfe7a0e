// What ESLint asks of the JavaScript of the repository. Prettier does the format.
import js from '@eslint/js';
import globals from 'globals';

export default [
  js.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  // Pages run in a browser, everything else in Node.
  {
    files: ['**/page/**', '**/tests/bundlers/*.js'],
    languageOptions: { globals: globals.browser },
  },
  {
    ignores: ['**/page/**', '**/tests/bundlers/*.js'],
    languageOptions: { globals: globals.node },
  },
  // They play a browser in Node.
  {
    files: ['**/tests/backstage/**'],
    languageOptions: { globals: { ...globals.node, window: 'writable' } },
  },
];
