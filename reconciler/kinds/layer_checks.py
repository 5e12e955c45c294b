"""Whether layers lie inside the picture and show something, and whether backgrounds fill it."""

from collections.abc import Iterator, Mapping

from reconciler.kinds.problem import Problem, inside, warning, whole
from reconciler.model.resource import Json
from reconciler.model.source import Path

LANDSCAPE = (1920, 1080)
VERTICAL = (1080, 1920)
CANVASES = (LANDSCAPE, VERTICAL)
"""Live pictures have one of these sizes (api.md §9)."""

_CONTENT = {"IMAGE": "image_config", "VIDEO": "video_config", "TEXT": "text_config"}


def layer_problems(path: Path, layer: Json, canvases: tuple[tuple[int, int], ...] = CANVASES) -> Iterator[Problem]:
    """Yield what is odd about one layer; it must fit into one of the canvases."""
    if isinstance(layer, dict):
        yield from _outside(path, layer, canvases)
        yield from _empty(path, layer)


def background_problems(path: Path, background: Json, canvases: tuple[tuple[int, int], ...]) -> Iterator[Problem]:
    """Yield where a background leaves a part of the picture empty (SDK: BackgroundImageConfig)."""
    part = inside(background, "background_image_config")
    if not isinstance(part, dict):
        return
    right, lower = whole(part.get("dx")) + whole(part.get("width")), whole(part.get("dy")) + whole(part.get("height"))
    if all(right < wide or lower < high for wide, high in canvases):
        message = (
            f"the background reaches to x {right} and y {lower} and does not fill the picture of {_sizes(canvases)}"
        )
        yield warning((*path, "background_image_config"), "W_BACKGROUND_GAP", message, "enlarge it, or move it")


def _sizes(canvases: tuple[tuple[int, int], ...]) -> str:
    return " or ".join(f"{wide}×{high}" for wide, high in canvases)


def _outside(path: Path, layer: Mapping[str, Json], canvases: tuple[tuple[int, int], ...]) -> Iterator[Problem]:
    if not isinstance(layer.get("position"), Mapping):
        return
    left, upper = (whole(inside(layer, "position", name)) for name in ("dx", "dy"))
    right, lower = left + whole(inside(layer, "size", "width")), upper + whole(inside(layer, "size", "height"))
    if any(left >= 0 and upper >= 0 and right <= wide and lower <= high for wide, high in canvases):
        return
    message = (
        f"the layer covers x {left} to {right} and y {upper} to {lower}, outside the picture of {_sizes(canvases)}"
    )
    yield warning((*path, "position"), "W_LAYER_OUTSIDE", message, "move or shrink it, or what lies outside is cut off")


def _empty(path: Path, layer: Mapping[str, Json]) -> Iterator[Problem]:
    """A layer without an asset needs the config of its type; that is inferred, not documented: a warning."""
    kind = layer.get("layer_type")
    name = _CONTENT.get(kind) if isinstance(kind, str) else None
    if name and not layer.get("asset_id") and not isinstance(layer.get(name), Mapping):
        message = f"the {kind} layer has neither asset_id nor {name}: it shows nothing"
        yield warning((*path, "layer_type"), "W_LAYER_EMPTY", message, f"add {name}, or the asset_id of its material")
