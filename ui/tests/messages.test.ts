// @vitest-environment node
// Without its plugin the message compiler makes no message at all and reports success: count them.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compile } from '@inlang/paraglide-js';
import { describe, expect, it } from 'vitest';
import { languageName, languages } from '$ui/lib/languages';
import * as runtime from '$ui/paraglide/runtime';
import { m } from '$ui/paraglide/messages';
import { ensureLanguages } from '../scripts/languages.mjs';

const load = (locale: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../messages/${locale}.json`, import.meta.url), 'utf8'));
const files = readdirSync(new URL('../messages/', import.meta.url)).map((name) => name.replace(/\.json$/, ''));
const tr = load('tr');
const others = files.filter((locale) => locale !== 'tr').map((locale) => ({ locale, words: load(locale) }));
const inputs = (message: unknown) =>
  [...new Set([...JSON.stringify(message).matchAll(/\{(\w+)\}/g)].map((hit) => hit[1]))].sort();

describe('messages', () => {
  it('are all compiled', () => {
    expect(Object.keys(tr).length).toBeGreaterThan(0);
    expect(Object.keys(m).sort()).toEqual(Object.keys(tr).sort());
    expect([...runtime.locales].sort()).toEqual(files.sort());
  });

  it.each(others)('exist in $locale too, with the same inputs', ({ words }) => {
    expect(Object.keys(words).sort()).toEqual(Object.keys(tr).sort());
    for (const key of Object.keys(tr)) expect([key, inputs(words[key])]).toEqual([key, inputs(tr[key])]);
  });

  it.each(others)('are not the Turkish words by oversight in $locale', ({ words }) => {
    const worded = (message: unknown) => typeof message === 'string' && /[a-zçğıöşü]{4}/i.test(message.replace(/\{\w+\}/g, ''));
    const same = Object.keys(tr).filter((key) => worded(tr[key]) && tr[key] === words[key]);
    expect(same).toEqual([]);
  });
});

describe('languages', () => {
  it('are called by their own names, those there are', () => {
    expect(languages().map(({ name }) => name).slice(0, 2)).toEqual(['Türkçe', 'English']);
    expect(['de', 'ar', 'fr', 'it'].map(languageName)).toEqual(['Deutsch', 'العربية', 'Français', 'Italiano']);
  });

  it('are one more with one more file, and nothing else', async () => {
    const ui = fileURLToPath(new URL('..', import.meta.url));
    const copy = mkdtempSync(join(tmpdir(), 'mbs-languages-'));
    try {
      cpSync(join(ui, 'project.inlang'), join(copy, 'project.inlang'), { recursive: true });
      symlinkSync(join(ui, 'node_modules'), join(copy, 'node_modules'));
      mkdirSync(join(copy, 'messages'));
      writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
      const words = { tr: 'Yeni başvuru', en: 'New request', de: 'Neuer Antrag' };
      for (const [locale, word] of Object.entries(words)) writeFileSync(join(copy, `messages/${locale}.json`), JSON.stringify({ new_request: word }));
      expect(ensureLanguages(copy)).toEqual(['tr', 'en', 'de']);
      await compile({ project: join(copy, 'project.inlang'), outdir: join(copy, 'out'), strategy: ['globalVariable', 'baseLocale'], outputStructure: 'message-modules' });
      const made = (await import(/* @vite-ignore */ pathToFileURL(join(copy, 'out/runtime.js')).href)) as typeof runtime;
      expect(languages(made.locales)).toContainEqual({ value: 'de', name: 'Deutsch' });
      const said = (await import(/* @vite-ignore */ pathToFileURL(join(copy, 'out/messages.js')).href)) as { m: typeof m };
      expect(said.m.new_request({}, { locale: 'de' as runtime.Locale })).toBe('Neuer Antrag');
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }, 60_000);
});
