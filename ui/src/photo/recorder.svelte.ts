// Records a voice note and hands it to the core whole. What was said is never thrown away: leaving the page, a call or
// the end of the minute ends the recording and keeps it.
import type { Tablet } from '$ui/backend/tablet';
import { base64 } from '$ui/lib/base64';
import type { Request } from '$ui/wire/Request';

/** The core keeps no more. */
export const MAX_SECONDS = 60;
/** Plain speech needs no more, and a minute stays under 200 KB. */
const BITS = 24_000;
/** What web views record; the core makes the same of each. */
const FORMATS = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus'];

const format = () =>
  typeof MediaRecorder === 'undefined' ? undefined : FORMATS.find((type) => MediaRecorder.isTypeSupported(type));

/** The microphone is not to be had: not allowed, or none is there. */
export class NoMicrophone extends Error {
  constructor(readonly denied: boolean) {
    super('no microphone');
  }
}

export class Recorder {
  /** Whether it is recording, or about to. */
  recording = $state(false);
  /** What was recorded is being kept. */
  keeping = $state(false);
  seconds = $state(0);
  failed = $state.raw<unknown>(null);
  #end: AbortController | null = null;
  #line: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly door: Tablet,
    private readonly request: () => string,
    private readonly done: (request: Request) => void,
  ) {}

  /** Whether this web view can record at all. */
  static possible(): boolean {
    return Boolean(format() && navigator.mediaDevices?.getUserMedia);
  }

  start(): void {
    if (this.recording || this.keeping) return;
    [this.recording, this.seconds, this.failed] = [true, 0, null];
    const end = new AbortController();
    this.#end = end;
    this.#line = this.#record(end.signal)
      .catch((cause: unknown) => (this.failed = cause))
      .then(() => ([this.recording, this.keeping, this.#end] = [false, false, null]));
  }

  stop(): void {
    this.#end?.abort();
  }

  /** Ends a recording, and resolves when it is kept. */
  idle(): Promise<unknown> {
    this.stop();
    return this.#line;
  }

  async #record(end: AbortSignal): Promise<void> {
    const stream = await navigator.mediaDevices
      .getUserMedia({ audio: { channelCount: 1, noiseSuppression: true, autoGainControl: true } })
      .catch((cause: unknown) => Promise.reject(new NoMicrophone(cause instanceof DOMException && cause.name === 'NotAllowedError')));
    try {
      if (end.aborted) return; // left while being asked for the microphone
      const sound = await this.#sound(stream, end);
      if (!sound.size) return;
      this.keeping = true;
      this.done(await this.door.call({ call: 'add_voice', id: this.request(), data: await base64(sound) }));
    } finally {
      for (const track of stream.getTracks()) track.stop();
    }
  }

  /** What is heard until the end, the end of the minute, or until somebody else takes the microphone. */
  async #sound(stream: MediaStream, end: AbortSignal): Promise<Blob> {
    const recorder = new MediaRecorder(stream, { mimeType: format()!, audioBitsPerSecond: BITS });
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const stopped = new Promise((resolve) => (recorder.onstop = resolve));
    const ended = new Promise((resolve) => end.addEventListener('abort', resolve));
    const began = performance.now();
    recorder.start(1000);
    const clock = setInterval(() => {
      this.seconds = Math.min(MAX_SECONDS, (performance.now() - began) / 1000);
      if (this.seconds >= MAX_SECONDS) this.stop();
    }, 200);
    const hidden = () => document.visibilityState === 'hidden' && this.stop();
    document.addEventListener('visibilitychange', hidden);
    try {
      await Promise.race([ended, stopped]);
      if (recorder.state !== 'inactive') recorder.stop();
      await stopped;
    } finally {
      clearInterval(clock);
      document.removeEventListener('visibilitychange', hidden);
    }
    return new Blob(parts);
  }
}
