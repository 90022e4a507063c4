import { describe, expect, it } from 'vitest';
import { between, fitting } from '$ui/photo/areas';

describe('areas that are covered', () => {
  it('are what a finger drew, whichever way, and end at the edge', () => {
    expect(between({ x: 700, y: 200 }, { x: 500, y: 350.4 })).toEqual({ x: 500, y: 200, width: 200, height: 150 });
    expect(between({ x: -40, y: 990 }, { x: 30, y: 1400 })).toEqual({ x: 0, y: 990, width: 30, height: 10 });
  });

  it('are never too small to cover anything, and stay inside', () => {
    expect(fitting({ x: 995, y: -20, width: 2, height: 0 })).toEqual({ x: 980, y: 0, width: 20, height: 20 });
    expect(fitting({ x: 10, y: 10, width: 4000, height: 500 })).toEqual({ x: 0, y: 10, width: 1000, height: 500 });
  });
});
