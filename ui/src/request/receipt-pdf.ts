// A picture as a PDF of one A4 page. Written here, because a library for it would weigh more than the rest of the page.
const WIDTH = 595.28; // A4 in points
const HEIGHT = 841.89;

/** Text as PDF has it in UTF-16: any letter, in plain hexadecimal digits. */
const hex = (text: string) => `<FEFF${[...text].flatMap((letter) => Array.from({ length: letter.length }, (_, i) => letter.charCodeAt(i).toString(16).padStart(4, '0'))).join('').toUpperCase()}>`;

/** The page that shows a JPEG of these pixels, as high as the page and in its middle. */
export function pictureAsPdf(jpeg: Uint8Array, width: number, height: number, title: string, language: string): Uint8Array<ArrayBuffer> {
  const scale = Math.min(WIDTH / width, HEIGHT / height);
  const [w, h] = [width * scale, height * scale];
  const drawn = `q ${w.toFixed(2)} 0 0 ${h.toFixed(2)} ${((WIDTH - w) / 2).toFixed(2)} ${((HEIGHT - h) / 2).toFixed(2)} cm /Picture Do Q`;
  const objects: Array<[string] | [string, Uint8Array]> = [
    [`<< /Type /Catalog /Pages 2 0 R /Lang (${language}) >>`],
    ['<< /Type /Pages /Kids [3 0 R] /Count 1 >>'],
    [`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${WIDTH} ${HEIGHT}] /Resources << /XObject << /Picture 5 0 R >> >> /Contents 4 0 R >>`],
    [`<< /Length ${drawn.length} >>`, new TextEncoder().encode(drawn)],
    [`<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode /Length ${jpeg.length} >>`, jpeg],
    [`<< /Title ${hex(title)} /Producer (MBS) >>`],
  ];
  const parts: Uint8Array[] = [];
  let at = 0;
  const put = (part: string | Uint8Array) => {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    parts.push(bytes);
    at += bytes.length;
  };
  put('%PDF-1.4\n');
  const places = objects.map(([head, stream], n) => {
    const place = at;
    put(`${n + 1} 0 obj\n${head}\n`);
    if (stream) for (const part of ['stream\n', stream, '\nendstream\n']) put(part);
    put('endobj\n');
    return place;
  });
  const table = at;
  // Each line of the table has exactly twenty bytes.
  put(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('')}`);
  put(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 6 0 R >>\nstartxref\n${table}\n%%EOF\n`);
  const whole = new Uint8Array(at);
  let from = 0;
  for (const part of parts) {
    whole.set(part, from);
    from += part.length;
  }
  return whole;
}
