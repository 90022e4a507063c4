// A receipt as a picture or a page, to print or to send on: the QR code drawn from its own path, and what it says in words.
import { record } from '$ui/lib/format';
import { m } from '$ui/paraglide/messages';
import { settings } from '$ui/lib/settings.svelte';
import type { Receipt } from '$ui/wire/Receipt';
import { pictureAsPdf } from './receipt-pdf';

const WIDTH = 1240; // an A4 page at 150 dots an inch
const HEIGHT = 1754;
const EDGE = 110;
const QR = 760;

/** Breaks a text into lines no wider than the page. */
function lines(pen: CanvasRenderingContext2D, text: string): string[] {
  const made: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = made.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && pen.measureText(longer).width <= WIDTH - 2 * EDGE) made[made.length - 1] = longer;
    else made.push(word);
  }
  return made;
}

/** Draws the code; an SVG as an image would taint the canvas in some web views. */
function drawCode(pen: CanvasRenderingContext2D, svg: string, x: number, y: number): void {
  const code = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  const [left = 0, top = 0, width = 1] = (code.getAttribute('viewBox') ?? '').split(/[\s,]+/).map(Number);
  pen.save();
  pen.translate(x, y);
  pen.scale(QR / width, QR / width);
  pen.translate(-left, -top);
  for (const path of code.querySelectorAll('path')) {
    pen.fillStyle = path.getAttribute('fill') ?? '#000';
    pen.fill(new Path2D(path.getAttribute('d') ?? ''));
  }
  pen.restore();
}

/** The receipt, drawn. */
async function draw(receipt: Receipt): Promise<HTMLCanvasElement> {
  await document.fonts.ready;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('no canvas');
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, WIDTH, HEIGHT);
  const font = getComputedStyle(document.body).fontFamily;
  let y = EDGE;
  function write(text: string, size: number, weight: number, colour = '#000') {
    if (!pen) return;
    pen.font = `${weight} ${size}px ${font}`;
    pen.fillStyle = colour;
    for (const line of lines(pen, text)) {
      y += size * 1.3;
      pen.fillText(line, EDGE, y);
    }
  }
  const rows = [
    [m.receipt_no(), receipt.official_no],
    [m.receipt_case(), receipt.case_no],
    [m.receipt_received(), record(receipt.received)],
    [m.receipt_subject(), receipt.subject || m.untitled()],
  ] as const;
  write(m.receipt(), 56, 700);
  y += 24;
  for (const [name, value] of rows) {
    y += 16;
    write(name, 28, 400, '#444');
    write(value, 38, 700);
  }
  y += 40;
  drawCode(pen, receipt.qr, (WIDTH - QR) / 2, y);
  y += QR + 10;
  write(m.receipt_text(), 28, 400, '#444');
  return canvas;
}

const blob = (canvas: HTMLCanvasElement, type: string) =>
  new Promise<Blob>((made, failed) => canvas.toBlob((bytes) => (bytes?.type === type ? made(bytes) : failed(new Error(`no ${type}`))), type, 0.92));

/** The receipt as a file to keep or to hand on: a picture (PNG), or a page (PDF). */
export async function receiptFile(receipt: Receipt, as: 'png' | 'pdf'): Promise<File> {
  const canvas = await draw(receipt);
  const name = `${receipt.official_no}.${as}`;
  if (as === 'png') return new File([await blob(canvas, 'image/png')], name, { type: 'image/png' });
  const jpeg = new Uint8Array(await (await blob(canvas, 'image/jpeg')).arrayBuffer());
  const page = pictureAsPdf(jpeg, canvas.width, canvas.height, `${m.receipt()} ${receipt.official_no}`, settings.locale);
  return new File([page], name, { type: 'application/pdf' });
}
