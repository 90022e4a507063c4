// The time of the screens: deadlines and "3 dk önce" go on while one looks at them.
const STEP_MS = 30_000;
export const clock = $state({ now: Date.now() });

export function keepTime(): () => void {
  const timer = setInterval(() => (clock.now = Date.now()), STEP_MS);
  return () => clearInterval(timer);
}
