// Takes every address out of package-lock.json (sponsor links, the text of deprecations): the lock
// names versions and hashes, and where they come from is the business of whoever installs.
// Run it after each change of dependencies; a test fails when it was forgotten.
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.resolved;
  if (typeof entry.deprecated === 'string') entry.deprecated = 'yes';
}
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
