// Areas of a photo, in thousandths of its width and height, as the core takes them.
import type { Area } from '$ui/wire/Area';

export const WHOLE = 1000;
/** Smaller ones are a finger that slipped, or cover nothing. */
const LEAST = 20;
/** The core takes no more at once. */
export const MOST = 40;

const within = (n: number, least: number, most: number) => Math.round(Math.min(most, Math.max(least, n)));

/** What a finger drew from one point to another, within the photo. */
export function between(a: { x: number; y: number }, b: { x: number; y: number }): Area {
  const [left, right] = [Math.min(a.x, b.x), Math.max(a.x, b.x)].map((x) => within(x, 0, WHOLE)) as [number, number];
  const [top, bottom] = [Math.min(a.y, b.y), Math.max(a.y, b.y)].map((y) => within(y, 0, WHOLE)) as [number, number];
  return { x: left, y: top, width: right - left, height: bottom - top };
}

/** The area, large enough and inside the photo. */
export function fitting({ x, y, width, height }: Area): Area {
  const [w, h] = [within(width, LEAST, WHOLE), within(height, LEAST, WHOLE)];
  return { x: within(x, 0, WHOLE - w), y: within(y, 0, WHOLE - h), width: w, height: h };
}
