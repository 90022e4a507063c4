// The languages there are: one for each file in messages/ (scripts/languages.mjs).
import { getLocale, locales, type Locale } from '$ui/paraglide/runtime';

/** A language's name in itself: Türkçe, English. */
export function languageName(locale: string): string {
  const name = new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale;
  return name.charAt(0).toLocaleUpperCase(locale) + name.slice(1);
}

/** What a person may choose from. */
export const languages = (of: readonly string[] = locales): { value: Locale; name: string }[] =>
  of.map((locale) => ({ value: locale as Locale, name: languageName(locale) }));

/** How dates and numbers are written: as in that language at home; English as in Britain. */
export const region = (locale: string = getLocale()): string => (locale === 'en' ? 'en-GB' : locale === 'tr' ? 'tr-TR' : locale);

/** Names in the directory are Turkish, and may have others beside them. */
export const nameOf = (thing: { name: string; [other: `name_${string}`]: string }): string => thing[`name_${getLocale()}`] ?? thing.name;
