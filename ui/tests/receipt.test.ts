// The receipt as a file.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { canShare, share } from '$ui/lib/share';
import { pictureAsPdf } from '$ui/request/receipt-pdf';

const latin = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
// Every byte there is, and what could be taken for an end.
const jpeg = new Uint8Array([...Array(256).keys(), ...new TextEncoder().encode('\nendstream\nendobj\n')]);

describe('a page', () => {
  const pdf = pictureAsPdf(jpeg, 1240, 1754, 'Alındı belgesi 2026-000142', 'tr');
  const text = latin(pdf);

  it('is found by its own table, object for object', () => {
    expect(text.startsWith('%PDF-1.4\n')).toBe(true);
    const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1]);
    const [head, count] = text.slice(table).split('\n');
    expect([head, count]).toEqual(['xref', '0 7']);
    const lines = text.slice(table + 'xref\n0 7\n'.length).match(/^\d{10} \d{5} [nf] $/gm)!;
    expect(lines).toHaveLength(7);
    lines.slice(1).forEach((line, n) => expect(text.slice(Number(line.slice(0, 10))).startsWith(`${n + 1} 0 obj\n`)).toBe(true));
    expect(text.slice(table)).toContain('/Root 1 0 R');
  });

  it('has the picture byte for byte, in its size, within the page', () => {
    const [, length] = /\/DCTDecode \/Length (\d+) >>\nstream\n/.exec(text)!;
    const from = text.indexOf('stream\n', text.indexOf('/DCTDecode')) + 'stream\n'.length;
    expect(Number(length)).toBe(jpeg.length);
    expect(pdf.slice(from, from + jpeg.length)).toEqual(jpeg);
    const [, width, height, x, y] = /q ([\d.]+) 0 0 ([\d.]+) ([\d.]+) ([\d.]+) cm/.exec(text)!.map(Number);
    expect(width! / height!).toBeCloseTo(1240 / 1754, 2);
    expect(width! + 2 * x!).toBeCloseTo(595.28, 1);
    expect(height! + 2 * y!).toBeCloseTo(841.89, 1);
    const [, drawn] = /<< \/Length (\d+) >>\nstream\n/.exec(text)!;
    expect(text).toContain(`stream\n${/q .* Q/.exec(text)![0]}\nendstream`);
    expect(/q .* Q/.exec(text)![0]).toHaveLength(Number(drawn));
  });

  it('is called as a Turk would read it', () => {
    const [, digits] = /\/Title <FEFF([0-9A-F]+)>/.exec(text)!;
    expect(digits!.match(/.{4}/g)!.map((unit) => String.fromCharCode(parseInt(unit, 16))).join('')).toBe('Alındı belgesi 2026-000142');
  });
});

describe('handing on', () => {
  afterEach(() => vi.unstubAllGlobals());
  const web = (parts: Partial<Navigator>) => vi.stubGlobal('navigator', parts);
  const file = new File(['x'], '2026-000142.pdf', { type: 'application/pdf' });

  it('is offered only where the system takes such files', () => {
    web({});
    expect(canShare('application/pdf')).toBe(false);
    web({ share: async () => {}, canShare: (data) => data?.files?.[0]?.type === 'image/png' });
    expect(['image/png', 'application/pdf'].map(canShare)).toEqual([true, false]);
  });

  it('was done, thought better of, or refused: then it is kept instead', async () => {
    const shared = vi.fn(async () => {});
    web({ share: shared });
    expect(await share(file)).toBe(true);
    expect(shared).toHaveBeenCalledWith({ files: [file], title: '2026-000142.pdf' });
    web({ share: async () => Promise.reject(new DOMException('', 'AbortError')) });
    expect(await share(file)).toBe(true);
    web({ share: async () => Promise.reject(new DOMException('', 'NotAllowedError')) });
    expect(await share(file)).toBe(false);
  });
});
