import { describe, expect, it } from 'vitest';
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
