// SPDX-License-Identifier: Apache-2.0
// Pictures come in by drop, paste, file dialog or camera. Each becomes a Picture, or a Failure.
import { Failure } from './failure.js';

// What models read. A picture of any other format that the browser shows is sent as PNG.
const readByModels = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/bmp'];

// `image` is a Blob for models, `bitmap` is for the screen. Its size is that after EXIF orientation.
export async function readPicture(blob, name) {
  if (blob.size === 0) throw new Failure(`${name} is empty.`);
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch (error) {
    throw new Failure(`${name} is no image that this browser can read.`);
  }
  const image = readByModels.includes(blob.type) ? blob : await asPng(bitmap, name);
  return { image, bitmap, name, width: bitmap.width, height: bitmap.height };
}

async function asPng(bitmap, name) {
  const canvas = document.createElement('canvas');
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  const png = await new Promise((done) => { canvas.toBlob(done, 'image/png'); });
  if (!png) throw new Failure(`${name} is too large for this browser.`);
  return png;
}

// Calls give(blob, name) for every picture that comes to the document, and refuse(failure) for what is none.
export function watchImages(inputs, give, refuse) {
  const giveFirst = (files, origin) => {
    const file = [...files].find(({ type }) => type.startsWith('image/')) ?? files[0];
    if (file) give(file, file.name || origin);
    return Boolean(file);
  };
  for (const input of inputs) {
    input.addEventListener('change', () => {
      giveFirst(input.files, 'The photo');
      input.value = '';  // so that the same file can be chosen again
    });
  }
  document.addEventListener('paste', (event) => {
    if (event.target.closest?.('input')) return;
    if (!giveFirst(event.clipboardData.files, 'The pasted picture')) {
      refuse(new Failure('What was pasted holds no picture.'));
    }
  });
  watchDrops((files) => {
    if (!giveFirst(files, 'The dropped picture')) {
      refuse(new Failure('What was dropped is no file. Save the picture first, and drop the file.'));
    }
  });
}

// The whole page is where files may be dropped: whoever misses a frame would else leave the page.
function watchDrops(give) {
  let depth = 0;  // dragenter and dragleave come for every element on the way
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    document.body.classList.toggle('dropping', depth > 0);
  };
  document.addEventListener('dragenter', () => { mark(1); });
  document.addEventListener('dragleave', () => { mark(-1); });
  document.addEventListener('dragover', (event) => { event.preventDefault(); });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    mark(-depth);
    give(event.dataTransfer.files);
  });
}
