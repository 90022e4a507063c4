// The languages are the files in messages/: the message compiler's project is told them before each use, the base first.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Writes the project's list of languages anew where a file came or went; returns it. */
export function ensureLanguages(root = fileURLToPath(new URL('..', import.meta.url))) {
  const path = `${root}/project.inlang/settings.json`;
  const settings = JSON.parse(readFileSync(path, 'utf8'));
  const files = readdirSync(`${root}/messages`).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
  const rank = (locale) => (locale === settings.baseLocale ? 0 : settings.locales.includes(locale) ? 1 + settings.locales.indexOf(locale) : files.length + 1);
  const locales = files.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  if (locales.join() !== settings.locales.join()) writeFileSync(path, `${JSON.stringify({ ...settings, locales }, null, 2)}\n`);
  return locales;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureLanguages();
