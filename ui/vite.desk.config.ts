import { defineConfig } from 'vite';
import { entry } from './vite.shared.ts';

export default defineConfig(({ mode }) => entry('desk', mode));
