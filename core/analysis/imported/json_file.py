"""Results in JSON: CompressAI's curves, and batches of codec-compare."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.analysis.imported.columns import chosen_columns, value_of
from core.analysis.imported.rates import has_sizes, rate_names, with_rates
from core.analysis.imported.table import RATE, Imported, UnusableImport, checked

COMPRESSAI = "CompressAI's JSON"
CODEC_COMPARE = "codec-compare's batch"
#: What codec-compare calls an image (`src/entry.ts`), underscores read as spaces.
_IMAGES = ("original name", "source image")
#: Its fields that are neither a setting of the encoder nor read here.
_NOT_SETTINGS = frozenset(
    {
        *("encoded name", "encoded image name", "decoded name", "decoded image name"),
        *("encoded image", "encoded path", "decoded image", "decoded path"),
        *("source image path", "original path", "preview", "thumbnail"),
        *("width", "height", "frame count", "encoded size", "bpp"),
        *("encoding time", "decoding time", "raw decoding time"),
        *("psnr", "ssim", "dssim", "msssim", "butteraugli", "ssimulacra", "ssimulacra2"),
        *("ciede2000", "flip", "lpips", "p3-norm"),
    }
)
_MAX_SETTINGS = 2000
#: Its field bpp is described as bytes per pixel (`src/entry.ts`) and computed as bits per pixel
#: (`src/entry_loader.ts`), so that alone it says nothing for certain.
_NO_SIZES = (
    "It lacks one of the fields encoded_size, width and height, which give the rate; its field bpp "
    "alone may be in bytes or in bits."
)


def read_json(data: bytes, *, stem: str, source: str | None) -> Imported:
    """Points of a curve of CompressAI or of a batch of codec-compare.

    Args:
        data: The file.
        stem: Name of the curve where the file has none.
        source: Where the points come from; what the file says of itself when None.

    Raises:
        UnusableImport: It is neither of the two.
    """
    content = _content(data)
    if isinstance(content, Mapping) and "field_values" in content:
        return _batch(content, stem, source)
    if isinstance(content, Mapping) and isinstance(content.get("results"), Mapping):
        return _curve(content, content["results"], stem, source)
    if isinstance(content, list):
        raise UnusableImport("It lists batches of codec-compare; import the files that it names.")
    raise UnusableImport(
        "It is neither a curve of CompressAI (name, results) nor a batch of codec-compare "
        "(field_descriptions, field_values)."
    )


def _content(data: bytes) -> Any:
    def refuse(name: str) -> float:
        raise UnusableImport(f"{name} is no number of a result.")

    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=refuse)
    except UnusableImport:
        raise
    except (ValueError, RecursionError) as error:
        raise UnusableImport(f"It is no JSON file: {str(error)[:80]}.") from error


def _curve(
    content: Mapping[str, Any], results: Mapping[str, Any], stem: str, source: str | None
) -> Imported:
    """https://github.com/InterDigitalInc/CompressAI, `results/`: a list of values by name."""
    columns = chosen_columns([name for name in results if isinstance(results[name], list)])
    if RATE not in columns:
        raise UnusableImport("Its results have no list bpp.")
    lengths = {name: len(results[name]) for name in columns.values()}
    if len({*lengths.values()}) > 1:
        raise UnusableImport(f"Its lists differ in length: {_listed(lengths)}.")
    table = pd.DataFrame(
        {
            column: [
                value_of(column, value, f"Value {place} of {name}")
                for place, value in enumerate(results[name], start=1)
            ]
            for column, name in columns.items()
        }
    )
    if table.empty:
        raise UnusableImport("Its lists are empty.")
    table["curve"] = str(content.get("name") or stem)
    table["setting"] = _numbered(rate_names(table[RATE]))
    table["source"] = _source(source, content.get("description"))
    unused = tuple(name for name in results if name not in columns.values())
    return checked(table, format=COMPRESSAI, unused=unused)


def _numbered(names: Sequence[str]) -> list[str]:
    """The names, where one that came before has its number: two settings can give one file."""
    counts = Counter[str]()
    numbered = []
    for name in names:
        counts[name] += 1
        numbered.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return numbered


def _batch(content: Mapping[str, Any], stem: str, source: str | None) -> Imported:
    """https://github.com/webmproject/codec-compare, `src/entry_loader.ts`: a row per encoding."""
    constants = _constants(content)
    names = _names(content, "field_descriptions")
    rows = content["field_values"]
    if not isinstance(rows, list) or not all(
        isinstance(row, list) and len(row) == len(names) for row in rows
    ):
        raise UnusableImport(f"Its rows must be lists of {len(names)} values, one per field.")
    if not rows:
        raise UnusableImport("There is no row in it.")
    by_name = dict(zip(names, zip(*rows, strict=True), strict=True))
    table = _measured(by_name)
    if not has_sizes(table.columns):
        raise UnusableImport(_NO_SIZES)
    images = _images(by_name)
    table["image"] = images
    table["setting"] = _settings(by_name, images)
    table["curve"] = constants.get("name") or constants.get("codec") or stem
    told = ", ".join(
        constants[name] for name in ("codec", "version", "time") if constants.get(name)
    )
    table["source"] = _source(source, told and f"codec-compare batch: {told}")
    table = with_rates(table)
    used = {*chosen_columns(names).values(), *_image_fields(names)}
    unused = tuple(name for name in names if name not in used and _spaced(name) in _NOT_SETTINGS)
    return checked(table, format=CODEC_COMPARE, unused=unused)


def _measured(by_name: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Numbers of the known fields; single precision, as tables of records keep metrics."""
    read = {
        column: [
            value_of(column, value, f"Row {place} of {name}")
            for place, value in enumerate(by_name[name], start=1)
        ]
        for column, name in chosen_columns(by_name).items()
    }
    table = pd.DataFrame(read)
    single = [name for name in table if name not in (RATE, "bytes", "width", "height", "images")]
    return table.astype(dict.fromkeys(single, "float32"))


def _images(by_name: Mapping[str, Sequence[Any]]) -> list[str]:
    found = _image_fields(by_name)
    if not found:
        raise UnusableImport("It has no field original_name that names the image of a row.")
    return [str(value) for value in by_name[found[0]]]


def _image_fields(names: "Mapping[str, Any] | Sequence[str]") -> list[str]:
    return [name for name in names if _spaced(name) in _IMAGES]


def _settings(by_name: Mapping[str, Sequence[Any]], images: Sequence[str]) -> list[str]:
    """What the rows of an image differ in: all fields that are neither measured nor names."""
    read = {*chosen_columns(by_name).values(), *_image_fields(by_name)}
    fields = {
        name: values
        for name, values in by_name.items()
        if name not in read and _spaced(name) not in _NOT_SETTINGS
    }
    names = _setting_names(fields, images)
    if not names:
        return ["one setting"] * len(images)
    return [
        ", ".join(f"{name}={_value(value)}" for name, value in zip(names, row, strict=True))
        for row in zip(*(fields[name] for name in names), strict=True)
    ]


def _setting_names(fields: Mapping[str, Sequence[Any]], images: Sequence[str]) -> list[str]:
    """Fields of one's own invention that are settings: they take few values, a measurement many.

    Of few images, a setting may take as many values as there are rows. Where rows of an image
    would be alike, fields count too that take no more values than an image has rows.
    """
    counts = {name: len({str(value) for value in values}) for name, values in fields.items()}
    few = min(_MAX_SETTINGS, max(1, len(images) // 2))
    chosen = {name for name, count in counts.items() if count <= few}
    rows_of_an_image = max(Counter(images).values())
    for name, count in counts.items():
        columns = [images, *(fields[one] for one in chosen)]
        if len({str(row) for row in zip(*columns, strict=True)}) == len(images):
            break
        if count <= min(_MAX_SETTINGS, rows_of_an_image):
            chosen.add(name)
    return [name for name in fields if name in chosen]


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _constants(content: Mapping[str, Any]) -> dict[str, str]:
    names, values = _names(content, "constant_descriptions"), content.get("constant_values", [])
    if not isinstance(values, list) or len(values) != len(names):
        raise UnusableImport("Its constant_values must be as many as its constant_descriptions.")
    return {_spaced(name): str(value) for name, value in zip(names, values, strict=True)}


def _names(content: Mapping[str, Any], key: str) -> list[str]:
    found = content.get(key, [])
    if not isinstance(found, list) or not all(
        isinstance(one, dict) and len(one) == 1 for one in found
    ):
        raise UnusableImport(f"Its {key} must be a list of objects with one name each.")
    names = [next(iter(one)) for one in found]
    if len({*names}) != len(names):
        raise UnusableImport(f"Its {key} have a name twice.")
    return names


def _spaced(name: str) -> str:
    return name.lower().replace("_", " ")


def _source(given: str | None, told: object) -> str:
    if found := given or (str(told).strip() if told else ""):
        return found
    raise UnusableImport("Say where the points come from: --source.")


def _listed(lengths: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {length}" for name, length in lengths.items())
