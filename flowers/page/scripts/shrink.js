// A photo whose shorter side has `side` pixels, as JPEG, upright and in sRGB, for one that is larger:
// quicker to send, and the networks see a quarter of that. What would not look the same afterwards,
// and what this browser cannot open, stays as it is.
window.flowersShrunk = (() => {
  const SMALL = 300_000;  // Bytes that take longer to shrink than to send.

  const text = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));

  // Where a JPEG says how many colours it has: four are for printing, and browsers turn them into
  // other colours than the server does.
  const isPlainJpeg = (bytes) => {
    const view = new DataView(bytes.buffer);
    for (let at = 2; at + 10 < bytes.length && bytes[at] === 0xff;) {
      const kind = bytes[at + 1];
      if (kind >= 0xc0 && kind <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(kind)) return bytes[at + 9] !== 4;
      at += kind === 0xff ? 1 : 2 + view.getUint16(at + 2);
    }
    return false;
  };

  // Of a PNG, chunks before the pixels say that it moves, or lies on its side.
  const isPlainPng = (bytes) => {
    const view = new DataView(bytes.buffer);
    for (let at = 8; at + 8 < bytes.length; at += 12 + view.getUint32(at)) {
      const kind = text(bytes, at + 4, at + 8);
      if (kind === 'IDAT') return true;
      if (kind === 'acTL' || kind === 'eXIf') return false;
    }
    return false;
  };

  const isPlain = async (file) => {
    const bytes = new Uint8Array(await file.slice(0, 1 << 20).arrayBuffer());
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return isPlainJpeg(bytes);
    if (text(bytes, 1, 4) === 'PNG') return isPlainPng(bytes);
    return text(bytes, 4, 8) === 'ftyp' && ['heic', 'heix', 'mif1'].includes(text(bytes, 8, 12));
  };

  const shrunk = async (file, side) => {
    try {
      if (file.size < SMALL || !await isPlain(file)) return file;
      const image = await createImageBitmap(file);
      const scale = side / Math.min(image.width, image.height);
      if (scale > 0.9) return file;
      const canvas = document.createElement('canvas');
      canvas.width = Math.round(image.width * scale);
      canvas.height = Math.round(image.height * scale);
      const context = canvas.getContext('2d');
      context.fillStyle = 'white';
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.imageSmoothingQuality = 'high';
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      image.close();
      const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.92));
      if (!blob || blob.size > file.size) return file;
      return new File([blob], file.name.replace(/[.][^.]*$/, '') + '.jpg', {type: 'image/jpeg'});
    } catch {
      return file;  // HEIC, in most browsers; the server can open it.
    }
  };

  // One at a time: while it is open, a photo takes four bytes for each of its pixels.
  let before = Promise.resolve();
  return (file, side) => before = before.then(() => shrunk(file, side));
})();
