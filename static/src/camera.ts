/** A photo from the device's camera. */

import { find } from "./elements";

/** Wire the camera button; `taken` gets each photo. */
export function camera(taken: (photo: Blob) => void): void {
  const button = find<HTMLButtonElement>("#photo-camera");
  const dialog = find<HTMLDialogElement>("#camera");
  const video = find<HTMLVideoElement>("#camera video");
  const problem = find("#camera-problem");
  const shutter = find<HTMLButtonElement>("#camera-take");
  if (!navigator.mediaDevices) {
    button.hidden = true; // Not on this address, or not on this device.
    return;
  }
  const stop = (): void => {
    (video.srcObject as MediaStream | null)?.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  };
  dialog.addEventListener("close", stop);
  find("#camera-close").addEventListener("click", () => dialog.close());
  button.addEventListener("click", async () => {
    problem.textContent = "";
    shutter.disabled = true;
    dialog.showModal();
    try {
      const wanted = { video: { facingMode: "environment", width: { ideal: 1280 } } };
      video.srcObject = await navigator.mediaDevices.getUserMedia(wanted);
      await video.play();
      shutter.disabled = false;
      if (!dialog.open) stop();
    } catch {
      problem.textContent = "The camera cannot be used; allow it in the browser, or upload a photo.";
    }
  });
  shutter.addEventListener("click", () => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d")!.drawImage(video, 0, 0);
    dialog.close();
    canvas.toBlob((photo) => photo && taken(photo), "image/jpeg", 0.95);
  });
}
