"""Views of photos made in the graph, on whatever device trains: crop, flip, colour, mixing.

A crop with a change of size is linear and separable, so it is two small matrix products. On a GPU
that takes no time beside the network; a processor would be busy with it all the while.
"""

from keras import ops

from train.data.views import (
    BRIGHTNESS,
    CONTRAST,
    FLIPPED,
    HEIGHT,
    LEFT,
    SATURATION,
    SHARE,
    TOP,
    WIDTH,
)

LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in grey (ITU-R BT.601)."""


def make_views(photos, drawn, size: int):
    """Photos [b, n, n, 3] and what `draw_views` drew, [b, 9], to views float32[b, size, size, 3].

    Each is mixed with the view at its place counted from the end of the batch.
    """
    photos, drawn = ops.cast(photos, "float32"), ops.cast(drawn, "float32")
    rows = _resampling(drawn[:, TOP], drawn[:, HEIGHT], photos.shape[1], size)
    columns = _resampling(drawn[:, LEFT], drawn[:, WIDTH], photos.shape[2], size)
    flipped = drawn[:, FLIPPED, None, None] > 0.5
    columns = ops.where(flipped, ops.flip(columns, axis=1), columns)
    views = _resampled(photos, rows, columns)
    views = _blend(views, 0.0, drawn[:, BRIGHTNESS])
    views = _blend(views, ops.mean(_grey(views), axis=(1, 2), keepdims=True), drawn[:, CONTRAST])
    views = _blend(views, _grey(views), drawn[:, SATURATION])
    return mixed(views, drawn)


def mixed(of_photos, drawn):
    """What belongs to the photos of a batch, [b, ...], mixed as their views are (mixup)."""
    share = ops.cast(drawn[:, SHARE], "float32")
    share = ops.reshape(share, (-1,) + (1,) * (len(of_photos.shape) - 1))
    return share * of_photos + (1.0 - share) * ops.flip(of_photos, axis=0)


def resized(photos, size: int):
    """Whole photos float32[b, n, n, 3] as float32[b, size, size, 3]."""
    if photos.shape[1] == size:
        return photos
    whole = ops.ones((1,), dtype="float32")
    weights = _resampling(0.0 * whole, whole, photos.shape[1], size)[0]
    rows = ops.einsum("oi,bijc->bojc", weights, photos)
    return ops.einsum("pj,bojc->bopc", weights, rows)


def as_photos(views):
    """Views float32 as what a backbone takes, uint8."""
    return ops.cast(ops.round(views), "uint8")


def _resampled(photos, rows, columns):
    return ops.einsum("bpj,bojc->bopc", columns, ops.einsum("boi,bijc->bojc", rows, photos))


def _resampling(start, length, pixels: int, size: int):
    """Weights of `pixels` in each of `size` new ones, float32[b, size, pixels].

    Of a part from `start` on, of `length`, both float32[b] in shares of the side. It is a triangle
    filter as wide as a new pixel, and no narrower than an old one: Pillow's bilinear resize.
    """
    step = length * (pixels / size)
    centres = start[:, None] * pixels + (ops.arange(size, dtype="float32") + 0.5) * step[:, None]
    places = ops.arange(pixels, dtype="float32") + 0.5
    reach = ops.maximum(step, 1.0)[:, None, None]
    weights = ops.relu(1.0 - ops.abs(centres[:, :, None] - places) / reach)
    return weights / ops.sum(weights, axis=-1, keepdims=True)


def _blend(views, towards, factor):
    """Views nearer to `towards` or farther from it, within the range of a pixel."""
    factor = ops.reshape(factor, (-1, 1, 1, 1))
    return ops.clip(towards + factor * (views - towards), 0.0, 255.0)


def _grey(views):
    luma = ops.convert_to_tensor(LUMA, "float32")
    return ops.sum(views * luma, axis=-1, keepdims=True)
