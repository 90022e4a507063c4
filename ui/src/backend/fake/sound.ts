/** A recording of that many seconds in which nothing is said, for samples: a `data:` address of a WAV. */
export function silence(seconds: number): string {
  const rate = 8_000;
  const wav = new DataView(new ArrayBuffer(44 + rate * seconds));
  const text = (at: number, letters: string) => [...letters].forEach((letter, i) => wav.setUint8(at + i, letter.charCodeAt(0)));
  text(0, 'RIFF');
  wav.setUint32(4, 36 + rate * seconds, true);
  text(8, 'WAVEfmt ');
  wav.setUint32(16, 16, true);
  wav.setUint16(20, 1, true); // plain samples
  wav.setUint16(22, 1, true);
  wav.setUint32(24, rate, true);
  wav.setUint32(28, rate, true);
  wav.setUint16(32, 1, true);
  wav.setUint16(34, 8, true);
  text(36, 'data');
  wav.setUint32(40, rate * seconds, true);
  const bytes = new Uint8Array(wav.buffer).fill(128, 44);
  return `data:audio/wav;base64,${btoa(String.fromCharCode(...bytes.subarray(0, 44)) + '\u0080'.repeat(rate * seconds))}`;
}
