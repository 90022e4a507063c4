// What both entries have in common. Each entry has its own config, so that a build of the tablet
// cannot pull in a line of the desk and the other way round.
import { fileURLToPath } from 'node:url';
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { PluginOption, UserConfig } from 'vite';
import { ensureMap } from './scripts/map.mjs';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export function plugins(): PluginOption[] {
  ensureMap();
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

export const alias = { $ui: here('./src') };

/** `mode === 'shots'` is the build for pictures and screen tests: it alone contains the fake back end. */
export function entry(name: 'tablet' | 'desk', mode: string): UserConfig {
  const shots = mode === 'shots';
  return {
    root: here(`./src/entries/${name}`),
    base: './',
    publicDir: false,
    cacheDir: here(`./node_modules/.vite/${name}`),
    plugins: plugins(),
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
