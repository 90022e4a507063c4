// A photo from the spot before it leaves the browser: upright, at most 2,048 px and 400 KB, without
// metadata (a canvas keeps none). The server refuses anything larger.

const EDGE = 2048;
const BYTES = 400 * 1024;
const QUALITIES = [0.85, 0.75, 0.6, 0.45];
/** Of its preview. */
const SMALL_EDGE = 320;
const SMALL_BYTES = 24 * 1024;

export const shrink = (file: Blob): Promise<Blob> => fitting(file, EDGE, BYTES);

/** What tablets show of it until the photo itself has come. */
export const preview = (photo: Blob): Promise<Blob> => fitting(photo, SMALL_EDGE, SMALL_BYTES);

async function fitting(file: Blob, edge: number, bytes: number): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  try {
    let scale = Math.min(1, edge / Math.max(picture.width, picture.height));
    for (;;) {
      for (const quality of QUALITIES) {
        const jpeg = await encode(picture, scale, quality);
        if (jpeg.size <= bytes) return jpeg;
      }
      scale *= 0.7;
    }
  } finally {
    picture.close();
  }
}

function encode(picture: ImageBitmap, scale: number, quality: number): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext('2d');
  if (!context) return Promise.reject(new Error('no canvas'));
  context.fillStyle = '#fff'; // JPEG has no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) =>
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error('no JPEG'))), 'image/jpeg', quality),
  );
}
