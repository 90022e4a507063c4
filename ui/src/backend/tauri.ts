// The tablet's own window: commands, events and the photo scheme of the shell.
import { convertFileSrc, invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import { CallFailed, type Answers, type Tablet } from './tablet';

export const inTauri = (): boolean => '__TAURI_INTERNALS__' in globalThis;

export function tauriTablet(): Tablet {
  return {
    async call<C extends { call: keyof Answers }>(call: C) {
      try {
        return await invoke<Answers[C['call']]>('call', { call });
      } catch (cause) {
        throw CallFailed.from(cause);
      }
    },
    onChange(changed) {
      const stop = listen('changed', () => changed());
      return () => void stop.then((unlisten) => unlisten());
    },
    tell: (text) => void invoke('tell', { text }).catch(() => {}), // what came in stands on the first page all the same
    askToTell: () => void invoke('ask_to_tell').catch(() => {}), // without it one looks by oneself
    // `photo://localhost/<hash>`, or `http://photo.localhost/<hash>` where a platform wants it so.
    photoUrl: (hash, thumb) => convertFileSrc(hash, 'photo') + (thumb ? '?thumb' : ''),
  };
}
