// Handing a file on by the system's own sheet, where the web view has one.

/** Whether files of this type can be handed on. */
export function canShare(type: string): boolean {
  const probe = new File([new Uint8Array(1)], 'mbs', { type });
  return typeof navigator.share === 'function' && (navigator.canShare?.({ files: [probe] }) ?? false);
}

/** Hands it on; `false` where the system refused it. Who thinks better of it has been answered too. */
export async function share(file: File): Promise<boolean> {
  try {
    await navigator.share({ files: [file], title: file.name });
    return true;
  } catch (cause) {
    return cause instanceof DOMException && cause.name === 'AbortError';
  }
}
