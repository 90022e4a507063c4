// The system's back button: a layer over the page goes first, then one goes a page back.
import { describe, expect, it, vi } from 'vitest';
import { layer, settled } from '$ui/lib/back';
import { go } from '$ui/lib/route.svelte';

/** What was begun with the history is over. */
const rest = () => new Promise<void>((done) => settled(done));
/** Goes back until it is so. */
const back = async (so: () => unknown[], what: unknown[]) => {
  history.back();
  await vi.waitFor(() => expect(so()).toEqual(what));
  await rest();
};
const page = () => location.hash;
const pages = () => [page()];

describe('the back button', () => {
  it('closes what lies on top, and then goes a page back', async () => {
    go('#/one');
    go('#/two');
    const [lower, upper] = [vi.fn(), vi.fn()];
    const gone = [layer(lower), layer(upper)];
    const seen = () => [upper.mock.calls.length, lower.mock.calls.length, page()];
    await back(seen, [1, 0, '#/two']);
    gone[1]!();
    await back(seen, [1, 1, '#/two']);
    gone[0]!();
    await back(pages, ['#/one']);
    expect(seen().slice(0, 2)).toEqual([1, 1]);
  });

  it('has nothing to do with a layer that was closed otherwise', async () => {
    go('#/one');
    go('#/two');
    layer(() => {})();
    // Another one at once: the history still moves.
    const close = vi.fn();
    const gone = layer(close);
    await rest();
    await back(() => [close.mock.calls.length, page()], [1, '#/two']);
    gone();
    await back(pages, ['#/one']);
  });

  it('goes under two layers that are closed at once', async () => {
    go('#/one');
    go('#/two');
    const gone = [layer(() => {}), layer(() => {})];
    for (const each of gone.reverse()) each();
    await rest();
    expect([page(), history.state ?? null]).toEqual(['#/two', null]);
    await back(pages, ['#/one']);
  });

  it('passes over a layer that one left by going elsewhere', async () => {
    go('#/one');
    go('#/two');
    const gone = layer(() => {});
    go('#/three');
    gone();
    await back(() => [page(), history.state ?? null], ['#/two', null]);
    await back(pages, ['#/one']);
  });

  it('goes to where one was sent while a layer was closing', async () => {
    go('#/one');
    layer(() => {})();
    go('#/two');
    await rest();
    expect(page()).toBe('#/two');
    await back(pages, ['#/one']);
  });
});
