// The same core behind a small web host, for the demo without a display and for tests in a browser.
import { CallFailed, type Answers, type Tablet } from './tablet';

export function httpTablet(base = ''): Tablet {
  return {
    async call<C extends { call: keyof Answers }>(call: C): Promise<Answers[C['call']]> {
      let response: Response;
      try {
        response = await fetch(`${base}/call`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(call),
        });
      } catch (cause) {
        // The host itself is gone: words typed meanwhile stay on the screen and are sent again.
        throw new CallFailed({ code: 'storage', detail: String(cause) });
      }
      const body: unknown = await response.json().catch(() => null);
      if (!response.ok) throw CallFailed.from(body);
      return body as Answers[C['call']];
    },
    onChange(changed) {
      const source = new EventSource(`${base}/changes`);
      source.onmessage = () => changed();
      // After a break anything may have happened.
      source.onopen = () => changed();
      return () => source.close();
    },
    photoUrl: (hash, thumb) => `${base}/photo/${hash}${thumb ? '?thumb' : ''}`,
  };
}
