"""What goes into the models and what comes out."""

import json

import numpy as np
import pytest
from PIL import Image, ImageOps
from skimage import data
from tokenizers import Tokenizer

PICTURES = {"a cat": data.chelsea, "a cup of coffee": data.coffee, "a rocket": data.rocket, "coins": data.coins}


def shapes(values):
    return {value.name: (value.type, value.shape) for value in values}


@pytest.fixture(scope="module")
def visual(open_model):
    return open_model("clip/starter/visual")


@pytest.fixture(scope="module")
def textual(open_model):
    return open_model("clip/starter/textual")


@pytest.fixture(scope="module")
def pictures(models):
    settings = json.loads((models / "clip/starter/visual/preprocess_cfg.json").read_text())
    found = []
    for load in PICTURES.values():
        image = ImageOps.fit(Image.fromarray(load()).convert("RGB"), settings["size"], Image.Resampling.BICUBIC)
        pixels = (np.asarray(image, np.float32) / 255 - settings["mean"]) / settings["std"]
        found.append(pixels.transpose(2, 0, 1).astype(np.float32))
    return np.stack(found)


@pytest.fixture(scope="module")
def tokens(models):
    tokenizer = Tokenizer.from_file(str(models / "clip/starter/textual/tokenizer.json"))

    def padded(texts, length):
        tokenizer.enable_padding(length=length, pad_id=0)
        tokenizer.enable_truncation(length)
        return np.array([tokenizer.encode(text).ids for text in texts], np.int32)

    return padded


def test_search_has_immichs_inputs_and_outputs(visual, textual):
    assert shapes(visual.get_inputs()) == {"image": ("tensor(float)", ["batch", 3, 260, 260])}
    assert shapes(visual.get_outputs()) == {
        "embedding": ("tensor(float)", ["batch", 384]),
        "feature": ("tensor(float)", ["batch", 1280]),
    }
    assert visual.get_outputs()[0].name == "embedding"
    assert shapes(textual.get_inputs()) == {"text": ("tensor(int32)", ["batch", "tokens"])}
    assert shapes(textual.get_outputs()) == {"embedding": ("tensor(float)", ["batch", 384])}


def test_words_find_their_picture(visual, textual, pictures, tokens):
    seen = visual.run(["embedding"], {"image": pictures})[0]
    said = textual.run(None, {"text": tokens(PICTURES, 32)})[0]
    assert np.argmax(said @ seen.T, axis=1).tolist() == list(range(len(PICTURES)))


def test_vectors_have_length_1(visual, textual, pictures, tokens):
    for vectors in (
        visual.run(["embedding"], {"image": pictures})[0],
        textual.run(None, {"text": tokens(["", "x", "a red car in the snow"], 32)})[0],
    ):
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_picture_of_one_colour_has_finite_vectors(visual):
    plain = np.stack([np.full((3, 260, 260), value, np.float32) for value in (-1, 0, 1)])
    embedding, feature = visual.run(None, {"image": plain})
    assert np.isfinite(embedding).all()
    assert np.isfinite(feature).all()


def test_pictures_together_give_the_same_as_alone(visual, pictures):
    together = visual.run(None, {"image": pictures})
    alone = [visual.run(None, {"image": picture[None]}) for picture in pictures]
    for output, parts in zip(together, zip(*alone, strict=True), strict=True):
        assert output == pytest.approx(np.concatenate(parts), abs=1e-4)


def test_padding_makes_no_difference(textual, tokens):
    texts = ["a bird", "white flowers on a meadow"]
    short, long = (textual.run(None, {"text": tokens(texts, length)})[0] for length in (12, 77))
    assert short == pytest.approx(long, abs=1e-5)
    assert short[0] @ short[1] < 0.9


def test_detection_takes_any_multiple_of_32(open_model):
    detector = open_model("facial-recognition/starter/detection")
    for height, width in ((96, 160), (320, 256)):
        blank = np.zeros((1, 3, height, width), np.float32)
        found = dict(
            zip((each.name for each in detector.get_outputs()), detector.run(None, {"input": blank}), strict=True)
        )
        for stride in (8, 16, 32):
            places = (height // stride) * (width // stride)
            assert {name: found[f"{name}_{stride}"].shape for name in ("cls", "obj", "bbox", "kps")} == {
                "cls": (1, places, 1),
                "obj": (1, places, 1),
                "bbox": (1, places, 4),
                "kps": (1, places, 10),
            }


def test_detection_sees_the_astronauts_face(open_model):
    detector = open_model("facial-recognition/starter/detection")
    pixels = data.astronaut().astype(np.float32)[:, :, ::-1].transpose(2, 0, 1)
    names = ["cls_32", "obj_32"]
    sure = np.sqrt(np.prod(detector.run(names, {"input": np.ascontiguousarray(pixels[None])}), axis=0)).ravel()
    row, column = divmod(int(sure.argmax()), 512 // 32)
    assert sure.max() > 0.7
    # her face is around (225, 115)
    assert 60 < row * 32 < 170
    assert 170 < column * 32 < 280


def test_faces_together_give_the_same_as_alone(open_model):
    recogniser = open_model("facial-recognition/starter/recognition")
    assert shapes(recogniser.get_inputs()) == {"data": ("tensor(float)", ["batch", 3, 112, 112])}
    assert shapes(recogniser.get_outputs()) == {"fc1": ("tensor(float)", ["batch", 128])}
    crops = [data.astronaut()[60:172, 170:282], data.chelsea()[60:172, 170:282]]
    faces = np.stack([crop.transpose(2, 0, 1) for crop in crops]).astype(np.float32)
    (together,) = recogniser.run(None, {"data": faces})
    alone = np.concatenate([recogniser.run(None, {"data": face[None]})[0] for face in faces])
    assert together == pytest.approx(alone, abs=1e-3)
    unit = together / np.linalg.norm(together, axis=1, keepdims=True)
    assert unit[0] @ unit[1] < 0.5
