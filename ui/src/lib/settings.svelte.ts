// Settings of this tablet (or of this browser, at the desk): language, theme, text size, gloves.
// They are kept on the device, applied to the document at once, and never synced.
import { baseLocale, isLocale, overwriteGetLocale, type Locale } from '$ui/paraglide/runtime';

export type Theme = 'system' | 'light' | 'dark' | 'sun';
export type TextSize = 100 | 150 | 200;

export interface Settings {
  locale: Locale;
  theme: Theme;
  text: TextSize;
  gloves: boolean;
  /** Minutes without a touch after which a tablet with a PIN is locked. */
  lockAfter: 1 | 5 | 15;
  /** Version of the privacy notice that was read here. */
  notice: string;
}

const KEY = 'mbs.settings';
const defaults: Settings = { locale: baseLocale, theme: 'system', text: 100, gloves: false, lockAfter: 5, notice: '' };

function read(): Settings {
  try {
    const kept = { ...defaults, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Settings>) };
    // A language that is not there any more.
    return isLocale(kept.locale) ? kept : { ...kept, locale: defaults.locale };
  } catch {
    return { ...defaults };
  }
}

export const settings: Settings = $state(read());

const systemDark = typeof matchMedia === 'function' ? matchMedia('(prefers-color-scheme: dark)') : undefined;
let systemIsDark = $state(systemDark?.matches ?? false);
systemDark?.addEventListener('change', (event) => (systemIsDark = event.matches));

// Messages ask for the language inside templates; reading the state there makes a change of language
// redraw every word without a reload, and without losing what is being typed.
overwriteGetLocale(() => settings.locale);

/** Applies the settings now and after each change, also one made in another tab. Call once, inside a component or `$effect.root`. */
export function keepApplied(): void {
  $effect(() => {
    const follow = (event: StorageEvent): void => {
      if (event.key === KEY) Object.assign(settings, read());
    };
    addEventListener('storage', follow);
    return () => removeEventListener('storage', follow);
  });
  $effect(() => {
    const root = document.documentElement;
    root.lang = settings.locale;
    const theme = settings.theme === 'system' ? (systemIsDark ? 'dark' : 'light') : settings.theme;
    if (theme === 'light') delete root.dataset.theme;
    else root.dataset.theme = theme;
    scale(root, settings.text);
    root.toggleAttribute('data-gloves', settings.gloves);
    try {
      localStorage.setItem(KEY, JSON.stringify($state.snapshot(settings)));
    } catch {
      // A full or forbidden store costs only that the setting is forgotten.
    }
  });
}

function scale(root: HTMLElement, text: TextSize): void {
  const size = text === 100 ? '' : `${text}%`;
  if (root.style.fontSize === size) return;
  root.style.fontSize = size;
  // Chromium goes on measuring container queries by the old rem until their container changes size.
  document.body.style.inlineSize = 'calc(100% - 1px)';
  void document.body.offsetWidth;
  document.body.style.inlineSize = '';
}
