"""What an evaluation says of a person's images before it measures them."""

from pathlib import Path

from PIL import Image

from core.dataset.image_source import FolderSource
from core.dataset.photographs import photographs
from core.intake.notes import ALPHA_NOTE
from pipelines.evaluate.survey import tell_changes


def test_changed_and_refused_images_are_named_once_each(tmp_path: Path) -> None:
    for number in range(7):
        Image.new("RGBA", (4, 3), (255, 0, 0, 0)).save(tmp_path / f"clear{number}.png")
    Image.new("RGB", (4, 3)).save(tmp_path / "plain.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    source = FolderSource(tmp_path)
    lines: list[str] = []
    tell_changes(source, source.catalogue().ids, lines.append)
    assert lines == [
        "broken.jpg: The JPEG file cannot be read: it is damaged, incomplete or of an unusual "
        "kind.",
        "clear0.png, clear1.png, clear2.png, clear3.png, clear4.png and 2 more: " + ALPHA_NOTE,
    ]


def test_images_that_were_jpeg_files_before_are_named(tmp_path: Path) -> None:
    original = Image.fromarray(photographs()["Coffee cup"]).resize((400, 266))
    original.save(tmp_path / "original.png")
    original.save(tmp_path / "again.jpg", quality=40)
    Image.open(tmp_path / "again.jpg").save(tmp_path / "again.png")
    source = FolderSource(tmp_path)
    lines: list[str] = []
    tell_changes(source, source.catalogue().ids, lines.append)
    assert [line.partition(":")[0] for line in lines] == ["again.jpg, again.png"]
    assert "probably a JPEG file before" in lines[0]
