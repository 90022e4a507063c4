// @vitest-environment node
// Without its plugin the message compiler makes no message at all and reports success: count them.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as runtime from '$ui/paraglide/runtime';
import { m } from '$ui/paraglide/messages';

const load = (locale: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../messages/${locale}.json`, import.meta.url), 'utf8'));
const tr = load('tr');
const en = load('en');
const inputs = (message: unknown) =>
  [...new Set([...JSON.stringify(message).matchAll(/\{(\w+)\}/g)].map((hit) => hit[1]))].sort();

describe('messages', () => {
  it('are all compiled', () => {
    expect(Object.keys(tr).length).toBeGreaterThan(0);
    expect(Object.keys(m).sort()).toEqual(Object.keys(tr).sort());
    expect(runtime.locales).toEqual(['tr', 'en']);
  });

  it('exist in both languages with the same inputs', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(tr).sort());
    for (const key of Object.keys(tr)) expect([key, inputs(en[key])]).toEqual([key, inputs(tr[key])]);
  });

  it('are not the same words by oversight', () => {
    const worded = (message: unknown) => typeof message === 'string' && /[a-zçğıöşü]{4}/i.test(message.replace(/\{\w+\}/g, ''));
    const same = Object.keys(tr).filter((key) => worded(tr[key]) && tr[key] === en[key]);
    expect(same).toEqual([]);
  });
});
