// Contact sheets of a folder of pictures: one for each way of showing (tablet-tr-light-wide, …), all its screens on it.
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const PICTURE = /^(tablet|desk)-(.+)-((?:tr|en)-(?:light|dark|sun)-[a-z]+(?:-\d+)?)\.png$/;
const WIDTH = 1920;

export async function sheets(browser, dir) {
  const ways = new Map();
  for (const file of readdirSync(dir).sort()) {
    const [, entry, screen, way] = PICTURE.exec(file) ?? [];
    if (!entry) continue;
    const name = `${entry}-${way}`;
    ways.set(name, [...(ways.get(name) ?? []), { file, screen }]);
  }
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 800 } });
  const html = join(resolve(dir), 'sheet.html');
  for (const [name, pictures] of ways) {
    const figures = pictures.map(({ file, screen }) => `<figure><img src="${file}"><figcaption>${screen}</figcaption></figure>`);
    writeFileSync(html, `<!doctype html><meta charset="utf-8"><style>
      body { margin: 16px; display: flex; flex-wrap: wrap; gap: 16px; font: 14px sans-serif; background: #888; }
      figure { margin: 0; } img { display: block; max-width: 300px; max-height: 300px; } figcaption { padding-top: 2px; }
    </style>${figures.join('')}`);
    await page.goto(pathToFileURL(html).href);
    await page.screenshot({ path: join(dir, `sheet-${name}.jpg`), type: 'jpeg', quality: 80, fullPage: true });
  }
  rmSync(html, { force: true });
  await page.close();
}
