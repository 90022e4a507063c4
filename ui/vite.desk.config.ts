import { defineConfig } from 'vite';
import { entry } from './vite.shared';

export default defineConfig(({ mode }) => entry('desk', mode));
