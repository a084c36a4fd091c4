"""Pictures and texts come to the model as its files say."""

import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from immich_inference import shrinking
from immich_inference.api import Input
from immich_inference.clip_textual import Textual
from immich_inference.clip_visual import Preprocessing, Visual
from immich_inference.languages import flores_code
from immich_inference.sessions import Running, Sessions

from .tiny import write_clip


@pytest.fixture
def folder(tmp_path):
    return write_clip(tmp_path / "nllb-test")


def opened(kind, folder):
    return kind(folder, Sessions(Running()).open)


@pytest.mark.parametrize("filter", ["BICUBIC", "BILINEAR", "LANCZOS", "NEAREST"])
def test_the_fast_resizer_gives_what_pillow_gives(filter, monkeypatch):
    image = Image.fromarray(data.astronaut())
    fast = shrinking.resized(image, (130, 100), Image.Resampling[filter])
    monkeypatch.setattr(shrinking, "IS_FAST", False)
    slow = shrinking.resized(image, (130, 100), Image.Resampling[filter])
    difference = np.abs(np.asarray(fast, int) - np.asarray(slow, int))
    assert difference.mean() < 0.3
    assert difference.max() <= 8


@pytest.mark.parametrize("size", [(80, 40), (40, 80), (40, 40)])
def test_the_middle_of_a_picture_is_taken(folder, size):
    image = Image.new("RGB", size, "black")
    middle = min(size)
    left, top = (size[0] - middle) // 2, (size[1] - middle) // 2
    image.paste("white", (left, top, left + middle, top + middle))
    tensor = Preprocessing.read(folder / "visual" / "preprocess_cfg.json").apply(image)
    assert (tensor.shape, tensor.dtype) == ((3, 8, 8), np.float32)
    assert tensor[:, 1:-1, 1:-1] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("is_fast", [True, False])
@pytest.mark.parametrize("size", [(301, 200), (200, 333), (31, 7)])
def test_the_middle_has_the_pixels_that_shrinking_all_and_cutting_gives(folder, monkeypatch, size, is_fast):
    monkeypatch.setattr(shrinking, "IS_FAST", is_fast and shrinking.IS_FAST)
    image = Image.fromarray(data.astronaut()).resize(size)
    width, height = (int(length / min(size) * 8) for length in size)
    left, top = int(width / 2 - 4), int(height / 2 - 4)
    wanted = image.resize((width, height), Image.Resampling.BICUBIC).crop((left, top, left + 8, top + 8))
    tensor = Preprocessing.read(folder / "visual" / "preprocess_cfg.json").apply(image)
    pixels = (tensor.transpose(1, 2, 0) * 0.5 + 0.5) * 255
    assert np.abs(pixels - np.asarray(wanted)).max() <= 8


@pytest.mark.parametrize("size", [(60_000, 2), (2, 60_000), (1, 1), (70_001, 1)])
@pytest.mark.parametrize("is_fast", [True, False])
def test_narrow_pictures_take_no_more_than_others(folder, monkeypatch, size, is_fast):
    monkeypatch.setattr(shrinking, "IS_FAST", is_fast and shrinking.IS_FAST)
    made = []
    new, resize = Image.new, Image.Image.resize
    monkeypatch.setattr(Image, "new", lambda mode, size, *rest: made.append(size) or new(mode, size, *rest))
    monkeypatch.setattr(
        Image.Image, "resize", lambda image, size, *rest: made.append(size) or resize(image, size, *rest)
    )
    tensor = Preprocessing.read(folder / "visual" / "preprocess_cfg.json").apply(new("RGB", size, "white"))
    assert made == [(8, 8)]
    assert tensor == pytest.approx(np.ones((3, 8, 8)), abs=0.02)


def test_pictures_of_one_batch_get_what_each_gets_alone(folder):
    visual = opened(Visual, folder / "visual")
    items = [visual.prepare(Input(image=Image.fromarray(make())), {})[0] for make in (data.coffee, data.rocket)]
    together = visual.run(items)
    alone = [visual.run([item])[0] for item in items]
    assert np.allclose(together, alone)
    assert not np.allclose(*alone)


def test_a_text_is_padded_and_cut_to_the_context(folder):
    textual = opened(Textual, folder.rename(folder.with_name("plain")) / "textual")

    def tokens(text):
        (item,) = textual.prepare(Input(text=text), {})
        return item["text"].tolist()

    assert tokens("  cat \n dog ") == [2, 3, 0, 0]
    assert tokens("cat " * 9) == [2, 2, 2, 2]
    assert tokens("") == [0, 0, 0, 0]


def test_canonical_texts_lose_case_and_punctuation(folder):
    config = {"text_cfg": {"context_length": 4, "tokenizer_kwargs": {"clean": "canonicalize"}}}
    (folder / "config.json").write_text(json.dumps(config))
    textual = opened(Textual, folder.rename(folder.with_name("plain")) / "textual")
    (item,) = textual.prepare(Input(text="CAT, dog!"), {})
    assert item["text"].tolist() == [2, 3, 0, 0]


@pytest.mark.parametrize(
    ("language", "code"),
    [("de", "deu_Latn"), ("pt-BR", "por_Latn"), ("zh_Hant", "zho_Hant"), ("tlh", "eng_Latn"), (None, "eng_Latn")],
)
def test_languages_have_their_codes(language, code):
    assert flores_code(language) == code


def test_multilingual_models_are_told_the_language(folder):
    textual = opened(Textual, folder / "textual")
    (item,) = textual.prepare(Input(text="cat"), {"language": "de"})
    assert textual.prepare(Input(text="cat"), {"language": 5})
    assert item["text"].tolist()[0] == 1  # the word with the language before it, which this tokenizer does not know
