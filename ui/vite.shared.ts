// What both entries have in common. Each entry has its own config, so that a build of the tablet
// cannot pull in a line of the desk and the other way round.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin, PluginOption, UserConfig } from 'vite';
import { ensureLanguages } from './scripts/languages.mjs';
import { ensureMap } from './scripts/map.mjs';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export function plugins(): PluginOption[] {
  ensureMap();
  ensureLanguages();
  return [
    paraglideVitePlugin({
      project: here('./project.inlang'),
      outdir: here('./src/paraglide'),
      // The language is a setting of the tablet (see src/lib/settings.svelte.ts), never of an address.
      strategy: ['globalVariable', 'baseLocale'],
      outputStructure: 'message-modules',
    }),
    svelte({ configFile: here('./svelte.config.js') }),
  ];
}

/** Beside each text file the same as brotli and gzip, once and as small as they get: the server sends what a browser can read. */
function squeezed(): Plugin {
  return {
    name: 'squeezed',
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle).filter((name) => /\.(js|css|html|json|svg)$/.test(name))) {
        const path = join(dir ?? '', name);
        const bytes = readFileSync(path);
        writeFileSync(`${path}.br`, brotliCompressSync(bytes));
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export const alias = { $ui: here('./src') };

/** `mode === 'shots'` is the build for pictures and screen tests: it alone contains the fake back end. */
export function entry(name: 'tablet' | 'desk', mode: string): UserConfig {
  const shots = mode === 'shots';
  return {
    root: here(`./src/entries/${name}`),
    base: './',
    publicDir: false,
    cacheDir: here(`./node_modules/.vite/${name}`),
    // The tablet's files never cross a line.
    plugins: name === 'desk' && !shots ? [...plugins(), squeezed()] : plugins(),
    resolve: { alias },
    define: { __SHOTS__: JSON.stringify(shots) },
    build: {
      target: 'chrome111',
      outDir: here(shots ? `./dist/shots/${name}` : `./dist/${name}`),
      emptyOutDir: true,
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      chunkSizeWarningLimit: 700,
    },
    server: { port: name === 'tablet' ? 5173 : 5174, strictPort: true },
  };
}
