// Asking by telephone.
import { describe, expect, it, vi } from 'vitest';
import { open, text } from './screen';

// Leaflet needs a laid-out page; the map has its own test in the browser.
vi.mock('$ui/map/Map.svelte', () => ({ default: () => {} }));

const line = () => document.querySelector<HTMLAnchorElement>('a[href^="tel:"]');

describe('the municipality’s line', () => {
  it('stands on a request that has its number, with whose line it is', async () => {
    await open('fake', '#/request/r49');
    expect(line()?.getAttribute('href')).toBe('tel:153');
    expect(text()).toContain('153 belediyenin hattıdır');
    expect(text()).toContain('Başvuru numarasını söyleyin: 2026-116833');
  });

  it.each(['r57', 'r51', 'r48'])('does not where nobody could say anything about it: %s', async (id) => {
    await open('fake', `#/request/${id}`);
    expect(line()).toBe(null);
  });
});
