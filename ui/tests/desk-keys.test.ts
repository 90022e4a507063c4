import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keyLabel, keyName, onKey, pushKeys, switchKeys, type Keys } from '$ui/routing/keys.svelte';

const pressed = (key: string, more: Partial<KeyboardEventInit> = {}, target: EventTarget = document.body) => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  return event;
};
let stop: () => void;
const use = (keys: Keys) => (stop = pushKeys(() => keys));

beforeEach(() => {
  document.body.innerHTML = '';
  addEventListener('keydown', onKey);
  switchKeys(true);
});
afterEach(() => {
  removeEventListener('keydown', onKey);
  stop?.();
});

describe('shortcuts', () => {
  it('read letters with Turkish case rules: İ and I are two letters', () => {
    const plain = { ctrlKey: false, metaKey: false, altKey: false };
    expect(['i', 'İ', 'I', 'ı', 'Ş', 'Y'].map((key) => keyName({ key, ...plain }))).toEqual(['i', 'i', 'ı', 'ı', 'ş', 'y']);
    expect(keyLabel('i')).toBe('İ');
    expect(keyLabel('ı')).toBe('I');
    const back = vi.fn();
    use({ i: back });
    pressed('İ', { shiftKey: true });
    pressed('i');
    pressed('I', { shiftKey: true });
    pressed('ı');
    expect(back).toHaveBeenCalledTimes(2);
  });

  it('leave letters alone where one types', () => {
    const search = vi.fn();
    use({ y: search });
    document.body.innerHTML = '<input><textarea></textarea><input type="checkbox">';
    for (const field of document.querySelectorAll('input:not([type]), textarea')) pressed('y', {}, field);
    expect(search).not.toHaveBeenCalled();
    pressed('y', {}, document.querySelector('[type=checkbox]') as HTMLElement);
    expect(search).toHaveBeenCalledOnce();
  });

  it('can be switched off, all but those with Ctrl', () => {
    const letter = vi.fn();
    const send = vi.fn();
    use({ s: letter, 'Ctrl Enter': send });
    switchKeys(false);
    pressed('s');
    pressed('Enter', { ctrlKey: true });
    expect(letter).not.toHaveBeenCalled();
    expect(send).toHaveBeenCalledOnce();
  });

  it('leave Enter to the control that has the focus, except on the entry that is open already', () => {
    const route = vi.fn();
    use({ Enter: route });
    document.body.innerHTML = '<button>x</button><a href="#a">a</a><a href="#b" aria-current="true">b</a><input type="radio">';
    for (const control of document.querySelectorAll('button, a:not([aria-current])')) pressed('Enter', {}, control);
    expect(route).not.toHaveBeenCalled();
    for (const control of document.querySelectorAll('a[aria-current], input')) pressed('Enter', {}, control);
    expect(route).toHaveBeenCalledTimes(2);
  });

  it('ask the layer above first, and the one below when it declines', () => {
    const below = vi.fn();
    const stopBelow = pushKeys(() => ({ 1: below }));
    let takes = true;
    use({ 1: () => takes });
    expect(pressed('1').defaultPrevented).toBe(true);
    expect(below).not.toHaveBeenCalled();
    takes = false;
    pressed('1');
    expect(below).toHaveBeenCalledOnce();
    stopBelow();
  });

  it('do not repeat while a key is held down', () => {
    const route = vi.fn();
    use({ Enter: route });
    pressed('Enter');
    pressed('Enter', { repeat: true });
    expect(route).toHaveBeenCalledOnce();
  });
});
