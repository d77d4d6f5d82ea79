// SPDX-License-Identifier: Apache-2.0
// The camera takes photos in a dialog. Phones have a better one of their own, which a file input opens.

// Calls give(blob, name) for a photo. Hides `button` where there is no way to take one.
export function watchCamera({ button, input, dialog }, give) {
  const hasCamera = Boolean(navigator.mediaDevices?.getUserMedia);  // not on pages of plain http
  const isPhone = matchMedia('(pointer: coarse)').matches;
  button.hidden = !hasCamera && !isPhone;
  button.addEventListener('click', () => {
    if (isPhone) {
      input.click();
    } else {
      open(dialog);
    }
  });

  const video = dialog.querySelector('video');
  dialog.querySelector('.take').addEventListener('click', async () => {
    const photo = await frameOf(video);
    dialog.close();
    give(photo, 'The photo');
  });
  dialog.querySelector('.cancel').addEventListener('click', () => { dialog.close(); });
  dialog.addEventListener('close', () => { stop(video); });
}

async function open(dialog) {
  const video = dialog.querySelector('video');
  const take = dialog.querySelector('.take');
  const message = dialog.querySelector('.message');
  take.disabled = true;
  message.textContent = 'Waiting for the camera.';
  dialog.showModal();
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'environment', width: { ideal: 1920 }, height: { ideal: 1080 } },
    });
    await video.play();
    take.disabled = false;
    message.textContent = '';
    take.focus();
  } catch (error) {
    message.textContent = reason(error);
  }
  if (!dialog.open) stop(video);  // the dialog was closed before the camera was there
}

function stop(video) {
  video.srcObject?.getTracks().forEach((track) => { track.stop(); });
  video.srcObject = null;
}

function frameOf(video) {
  const canvas = document.createElement('canvas');
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext('2d').drawImage(video, 0, 0);
  return new Promise((done) => { canvas.toBlob(done, 'image/png'); });
}

function reason({ name, message }) {
  if (name === 'NotAllowedError') return 'The browser was not allowed to use the camera.';
  if (name === 'NotFoundError') return 'This device has no camera.';
  if (name === 'NotReadableError') return 'The camera is in use by another program.';
  return `The camera does not work: ${message}`;
}
