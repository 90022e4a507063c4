// The pieces between the screens and the door: keeping, handing over, reading what came.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeTablet } from '$ui/backend/fake/tablet';
import { CallFailed, fields, type Tablet } from '$ui/backend/tablet';
import { httpTablet } from '$ui/backend/http';
import { SLICE, Uploads, type Done } from '$ui/photo/upload.svelte';
import { Autosave, KEEP_AFTER_MS } from '$ui/request/autosave';
import type { Fields } from '$ui/wire/Fields';

/** As the form of a new request keeps its fields. */
const keeping = (door: Tablet, id: string, failed: (cause: unknown) => void = () => {}) =>
  new Autosave<Fields>(async (set) => void (await door.call({ call: 'set_draft', id, set: fields(set) })), failed);
const fake = (options = 'fake') => fakeTablet(new URLSearchParams(options));

describe('keeping what is typed', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('writes at most 150 ms after a keystroke, only what changed, the last value', async () => {
    const door = fake();
    const { row } = await door.call({ call: 'new_draft' });
    const autosave = keeping(door, row.id);
    for (const desc of ['s', 'su', 'su g']) autosave.set({ desc });
    expect(KEEP_AFTER_MS).toBeLessThanOrEqual(150);
    await vi.advanceTimersByTimeAsync(KEEP_AFTER_MS);
    expect(door.calls.filter(({ call }) => call === 'set_draft')).toEqual([{ call: 'set_draft', id: row.id, set: { desc: 'su g' } }]);
  });

  it('keeps fields after a failure and writes them with the next', async () => {
    const door = fake();
    const { row } = await door.call({ call: 'new_draft' });
    let broken = true;
    const shaky: Tablet = { ...door, call: (call) => (broken ? Promise.reject(new CallFailed({ code: 'disk_full', detail: '' })) : door.call(call)) };
    const failed = vi.fn();
    const autosave = keeping(shaky, row.id, failed);
    autosave.set({ desc: 'kaldırım çökmüş' });
    await autosave.flush();
    expect(failed).toHaveBeenCalledOnce();
    expect(autosave.dirty).toBe(true);
    broken = false;
    autosave.set({ addr: 'köşe' });
    await autosave.flush();
    expect(door.calls.at(-1)).toEqual({ call: 'set_draft', id: row.id, set: { desc: 'kaldırım çökmüş', addr: 'köşe' } });
    expect(autosave.dirty).toBe(false);
  });
});

describe('handing over a photo', () => {
  it('sends the original whole, in slices of at most 256 KiB, in order', async () => {
    URL.createObjectURL = () => 'blob:x';
    URL.revokeObjectURL = () => {};
    const door = fake();
    const { row } = await door.call({ call: 'new_draft' });
    const bytes = new Uint8Array(SLICE * 2 + 1234).map((_, i) => i % 251);
    const done: Done[] = [];
    const uploads = new Uploads(door, () => row.id, (result) => done.push(result));
    uploads.add([new File([bytes], 'a.jpg', { type: 'image/jpeg' })]);
    await uploads.idle();
    const slices = door.calls.filter((call) => call.call === 'add_photo');
    expect(slices.map(({ offset }) => offset)).toEqual([0, SLICE, SLICE * 2]);
    const arrived = slices.map(({ data }) => Buffer.from(data, 'base64'));
    expect(Math.max(...arrived.map((slice) => slice.length))).toBeLessThanOrEqual(SLICE);
    expect(Buffer.concat(arrived).equals(Buffer.from(bytes))).toBe(true);
    expect(done).toHaveLength(1);
    expect(uploads.list).toEqual([]);
  });

  it('keeps a failed one on the screen with its reason, and goes on with the next', async () => {
    URL.createObjectURL = () => 'blob:x';
    const door = fake();
    const { row } = await door.call({ call: 'new_draft' });
    let first = true;
    const shaky: Tablet = {
      ...door,
      call(call) {
        if (call.call === 'add_photo' && first) {
          first = false;
          return Promise.reject(new CallFailed({ code: 'photo_heic', detail: '' }));
        }
        return door.call(call);
      },
    };
    const done: Done[] = [];
    const uploads = new Uploads(shaky, () => row.id, (result) => done.push(result));
    uploads.add([new File(['x'.repeat(10)], 'a.heic'), new File(['y'.repeat(10)], 'b.jpg')]);
    await uploads.idle();
    expect(uploads.list.map(({ name, failed }) => [name, (failed as CallFailed).code])).toEqual([['a.heic', 'photo_heic']]);
    expect(done).toHaveLength(1);
  });
});

describe('the web host', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it('carries a call in and its answer out', async () => {
    const post = vi.fn(async () => new Response(JSON.stringify([])));
    vi.stubGlobal('fetch', post);
    await expect(httpTablet().call({ call: 'requests', query: 'çukur' })).resolves.toEqual([]);
    expect(post).toHaveBeenCalledWith('/call', expect.objectContaining({ method: 'POST', body: '{"call":"requests","query":"çukur"}' }));
  });

  it('turns an error answer, or none, into a code', async () => {
    vi.stubGlobal('fetch', async () => new Response('{"code":"empty","detail":""}', { status: 422 }));
    await expect(httpTablet().call({ call: 'status' })).rejects.toMatchObject({ code: 'empty' });
    vi.stubGlobal('fetch', async () => new Response('<html>', { status: 502 }));
    await expect(httpTablet().call({ call: 'status' })).rejects.toMatchObject({ code: 'protocol' });
  });
});
