// Two versions of one field: nothing is settled that was not read, nothing that was typed is lost.
import { describe, expect, it, vi } from 'vitest';
import { close, door, open, reopen, said, settled, tap, text, write } from './screen';

// Leaflet needs a laid-out page; the map has its own test in the browser.
vi.mock('$ui/map/Map.svelte', () => ({ default: () => {} }));

const words = () => document.querySelector('textarea')!;
const PAGE = '#/request/r53/versions';

describe('two versions', () => {
  it('become words of both in one call', async () => {
    await open('fake', PAGE);
    await write(words(), 'Zincir kopuk; iple bağladık.');
    await tap('Birleşik metin kalsın');
    expect(said('combine')).toEqual([{ call: 'combine', id: 'r53', field: 'desc', text: 'Zincir kopuk; iple bağladık.', seen: ['9@mine', '9@other'] }]);
    expect(said('keep').concat(said('edit'))).toHaveLength(0);
    expect((await door.call({ call: 'request', id: 'r53' })).combined).toEqual([]);
  });

  it('keep what was typed of both when the page is left', async () => {
    await open('fake', PAGE);
    await write(words(), 'Zincir kopuk; iple');
    await close();
    await reopen(PAGE);
    expect(words().value).toBe('Zincir kopuk; iple');
  });

  it('say so where another one came in, settle nothing, and keep what was typed', async () => {
    await open('fake', PAGE);
    await write(words(), 'Zincir kopuk.');
    // A third version comes while the page is open, and has not been shown yet.
    const call = door.call.bind(door);
    let late = true;
    door.call = async (which) => {
      if (which.call === 'keep' && late) {
        late = false;
        return call({ ...which, seen: ['9@mine'] });
      }
      return call(which);
    };
    await tap('Bu kalsın');
    expect(text()).toContain('Bu arada sürümler değişti');
    expect(words().value).toBe('Zincir kopuk.');
    await tap('Bu kalsın');
    expect(text()).toContain('tek sürüm kaldı');
  });

  it('were settled elsewhere: what was typed can stand all the same', async () => {
    await open('fake', PAGE);
    await write(words(), 'Zincir kopuk; iple bağladık.');
    await close();
    await door.call({ call: 'keep', id: 'r53', field: 'desc', version: '9@other', seen: ['9@mine', '9@other'] });
    await door.call({ call: 'begin_combine', id: 'r53', field: 'desc', text: 'Zincir kopuk; iple bağladık.' });
    await reopen('#/request/r53');
    expect(text()).toContain('Birleştirdiğiniz metin duruyor');
    await tap('Metnime bak');
    expect(words().value).toBe('Zincir kopuk; iple bağladık.');
    await tap('Birleşik metin kalsın');
    await settled();
    expect(said('edit')).toEqual([{ call: 'edit', id: 'r53', set: { desc: 'Zincir kopuk; iple bağladık.' } }]);
    expect(text()).toContain('tek sürüm kaldı');
  });
});
