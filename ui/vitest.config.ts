import { defineConfig } from 'vitest/config';
import { alias, plugins } from './vite.shared.ts';

export default defineConfig({
  plugins: plugins(),
  resolve: { alias, conditions: ['browser'] },
  define: { __SHOTS__: 'true' },
  test: { environment: 'jsdom', include: ['tests/**/*.test.ts', 'src/**/*.test.ts'], setupFiles: ['./tests/setup.ts'] },
});
