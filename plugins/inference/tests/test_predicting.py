"""Predictions in process, by the models that come with the server."""

import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from immich_inference.api import Ask, predict
from immich_inference.errors import BadInput, NoModel

VISUAL = Ask("clip", "visual", "starter")
TEXTUAL = Ask("clip", "textual", "starter")


@pytest.fixture
async def running(host):
    return await host(plugins=["inference", "starter_models"])


def picture(folder, pixels, name="picture.png"):
    file = folder / name
    Image.fromarray(pixels).save(file)
    return file


async def test_a_picture_is_nearer_to_its_words_than_to_others(running, tmp_path):
    cat = await predict(running.kernel, [VISUAL], image=picture(tmp_path, data.chelsea()))
    texts = [await predict(running.kernel, [TEXTUAL], text=text) for text in ("a cat", "a cup of coffee")]
    seen = np.array(json.loads(cat.values["clip"]))
    near, far = (np.array(json.loads(each.values["clip"])) @ seen for each in texts)
    assert near > far
    assert (cat.width, cat.height) == data.chelsea().shape[1::-1]
    assert texts[0].width is None


async def test_a_file_and_its_content_give_the_same(running, tmp_path):
    file = picture(tmp_path, data.coffee())
    assert await predict(running.kernel, [VISUAL], image=file) == await predict(
        running.kernel, [VISUAL], image=file.read_bytes()
    )


@pytest.mark.parametrize("content", [b"", b"no picture"])
async def test_what_is_no_picture_fails_for_good(running, content):
    with pytest.raises(BadInput):
        await predict(running.kernel, [VISUAL], image=content)


@pytest.mark.parametrize(
    "ask",
    [Ask("clip", "visual", "absent"), Ask("clip", "smell", "starter"), Ask("smell", "visual", "starter")],
)
async def test_what_is_not_there_is_said(running, tmp_path, ask):
    with pytest.raises(NoModel):
        await predict(running.kernel, [ask], image=picture(tmp_path, data.coffee()))


async def test_a_text_is_no_picture(running):
    with pytest.raises(BadInput):
        await predict(running.kernel, [VISUAL], text="a cat")
