import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const noTauri = { group: ['@tauri-apps/*'], message: 'Only src/backend/tauri.ts knows Tauri.' };

/** Imports point downwards: screen → domain (request, photo, map) → component → lib. */
const notAbove = (group, message) => ['error', { patterns: [{ group, message }, noTauri] }];

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/paraglide', 'src/wire'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser, __SHOTS__: 'readonly' } },
    rules: {
      'no-undef': 'off', // TypeScript knows better
      'no-console': 'error',
      'no-restricted-globals': ['error', { name: 'fetch', message: 'Only src/backend/http.ts and the map asset loader fetch.' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'svelte/no-at-html-tags': 'error',
      'svelte/require-each-key': 'error',
      // Our own hash router: links are plain fragments, there is no SvelteKit to resolve them.
      'svelte/no-navigation-without-resolve': 'off',
      'svelte/no-navigation-without-base': 'off',
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  { files: ['src/components/**'], rules: { 'no-restricted-imports': notAbove(['**/request/**', '**/photo/**', '**/map/**', '**/screens/**', '**/backend/**', '**/wire/**'], 'A component knows no domain.') } },
  { files: ['src/request/**', 'src/routing/**', 'src/photo/**', 'src/map/**'], rules: { 'no-restricted-imports': notAbove(['**/screens/**'], 'Domain pieces know no screen.') } },
  { files: ['src/screens/**', 'src/lib/**'], rules: { 'no-restricted-imports': ['error', { patterns: [noTauri] }] } },
  { files: ['src/backend/http.ts', 'src/backend/desk-http.ts', 'src/map/borders.ts', 'scripts/**', 'tests/**'], rules: { 'no-restricted-globals': 'off' } },
  { files: ['scripts/**', 'tests/**', '*.ts', '*.js'], languageOptions: { globals: globals.node }, rules: { 'no-console': 'off' } },
);
