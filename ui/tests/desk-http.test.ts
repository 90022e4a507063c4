import { afterEach, describe, expect, it, vi } from 'vitest';
import { troubleOf } from '$ui/backend/desk';
import { httpDesk } from '$ui/backend/desk-http';

describe('a list that is taken along', () => {
  const door = httpDesk('/desk/api');

  it('has the filter of the list in its address, whatever was typed', () => {
    expect(door.exportUrl('csv', { list: 'all' })).toBe('/desk/api/requests.csv?list=all');
    const url = new URL(door.exportUrl('xlsx', { list: 'inbox', state: 'concluded', q: 'çukur & <b>=1' }), 'http://mbs');
    expect(url.pathname).toBe('/desk/api/requests.xlsx');
    expect(Object.fromEntries(url.searchParams)).toEqual({ list: 'inbox', state: 'concluded', q: 'çukur & <b>=1' });
    expect(door.exportUrl('geojson', { list: 'late', percent: 50, q: undefined })).toBe('/desk/api/requests.geojson?list=late&percent=50');
  });
});

describe('what is decided', () => {
  afterEach(() => void vi.unstubAllGlobals());
  const answering = (status: number, body: unknown) => {
    const asked = vi.fn((_path: string, _init: RequestInit) => Promise.resolve(new Response(JSON.stringify(body), { status })));
    vi.stubGlobal('fetch', asked);
    return asked;
  };

  it('outlives the page it was decided on', async () => {
    const asked = answering(200, {});
    const door = httpDesk();
    await door.act('r1', { n: 3, action: 'accept' });
    await door.announce({ audience: '', title: 'Su kesintisi', text: 'Yarın', urgent: true, photos: [] });
    await door.withdraw(4);
    await door.revokeTablet('4KR7');
    await door.decide(7, true);
    expect(asked.mock.calls.map(([path, { keepalive }]) => [path, keepalive])).toEqual(
      ['requests/r1/act', 'announcements', 'announcements/4/withdraw', 'tablets/4KR7/revoke', 'quarantine/7'].map((path) => [`/desk/api/${path}`, true]),
    );
  });

  it('is overtaken by somebody, or cannot be done as things stand: two troubles', async () => {
    const door = httpDesk();
    const refused = async (code: string) => {
      answering(409, { code, message: 'Başka bir aşamada.' });
      return troubleOf(await door.act('r1', { n: 3, action: 'accept' }).catch((cause: unknown) => cause));
    };
    expect(await refused('stale')).toMatchObject({ trouble: 'stale' });
    expect(await refused('not_now')).toMatchObject({ trouble: 'not_now', sentence: 'Başka bir aşamada.' });
  });
});
