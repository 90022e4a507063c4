// The SMS that tells the municipality what waits on a tablet without a network.
import { afterEach, describe, expect, it } from 'vitest';
import { fakeTablet } from '$ui/backend/fake/tablet';
import { ascii } from '$ui/lib/fold';
import { settings } from '$ui/lib/settings.svelte';
import { smsText } from '$ui/request/sms';
import type { Outbox } from '$ui/wire/Outbox';
import type { OutboxItem } from '$ui/wire/OutboxItem';

const NOW = Date.parse('2026-11-24T10:40:00+03:00');
const item = (since: string, quarantine: string | null = null): OutboxItem => ({ request: 'r1', title: '', what: 'request', since: Date.parse(since), bytes: 840, sent: 0, quarantine, remedies: [] });

async function outbox(items: OutboxItem[], bytes = 12_000): Promise<Outbox> {
  return { ...(await fakeTablet(new URLSearchParams('fake')).call({ call: 'outbox' })), items, bytes };
}

afterEach(() => void (settings.locale = 'tr'));

describe('the SMS about what waits', () => {
  it('counts what waits, and nothing that was refused', async () => {
    const refused = item('2026-11-02T08:00:00+03:00', 'too_large');
    const text = smsText(await outbox([refused, item('2026-11-24T09:40:00+03:00'), item('2026-11-24T10:00:00+03:00')]), NOW);
    expect(text).toBe('MBS 4KR7: tablette 2 oge (12 KB) bekliyor, en eskisi bugun 09.40. Internet yok.');
    expect(smsText(await outbox([refused]), NOW)).toBe('');
  });

  it.each(['tr', 'en'] as const)('is one SMS at the worst (%s)', async (locale) => {
    settings.locale = locale;
    const many = Array.from({ length: 12_345 }, () => item('2025-09-12T23:59:00+03:00'));
    expect(smsText(await outbox(many, 987_654_321), NOW)).toMatch(/^[ -~]{60,160}$/);
  });

  it('of one thing speaks of one thing', async () => {
    settings.locale = 'en';
    expect(smsText(await outbox([item('2026-11-24T09:40:00+03:00')], 840), NOW)).toBe('MBS 4KR7: 1 thing (1 KB) waits on the tablet, since today 09:40. No network.');
  });

  it('is written without the letters an SMS has no room for', () => {
    expect(ascii('Kâğıthane IĞDIR İSKİ şöyle çünkü ığ')).toBe('Kagithane IGDIR ISKI soyle cunku ig');
    expect(ascii('2,3 MB')).toBe('2,3 MB');
  });
});
