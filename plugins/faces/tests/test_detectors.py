"""The models: those that come with the server, and files of the shape of Immich's, made here."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image, ImageOps
from skimage import data

from immich_faces import alignment, scrfd, yunet
from immich_faces.detections import Faces, overlap, without_doubles
from immich_faces.inference_steps import load_detection, load_recognition, sides_of
from immich_host.plugin_api.errors import JobFailed
from immich_inference.api import Input
from immich_inference.sessions import Running, Sessions
from immich_starter_models.hooks import inference_models

SESSIONS = Sessions(Running())
NINE = [f"{kind}{stride}" for kind in ("score", "box", "mark") for stride in (8, 16, 32)]


def predicted(image: Image.Image, detector, recogniser, score: float = 0.7) -> tuple[dict, list[dict]]:
    """Both steps, as inference does them."""
    given = Input(image=image)
    options = {"minScore": score}
    found = detector.finish(given, options, detector.run(detector.prepare(given, options)))
    second = Input(image=image, before=found)
    vectors = recogniser.run(recogniser.prepare(second, {})) if found["boxes"] else []
    return found, recogniser.finish(second, {}, vectors)


@pytest.fixture(scope="module")
def starter():
    (folder,) = [model.folder for model in inference_models() if model.task == "facial-recognition"]
    return load_detection(folder / "detection", SESSIONS.open), load_recognition(folder / "recognition", SESSIONS.open)


@pytest.fixture(scope="module")
def astronaut() -> Image.Image:
    return Image.fromarray(data.astronaut())


def likeness(one: dict, other: dict) -> float:
    return float(np.dot(json.loads(one["embedding"]), json.loads(other["embedding"])))


def test_a_face_is_found_where_it_is(starter, astronaut) -> None:
    _, (face,) = predicted(astronaut, *starter)
    box = np.array([face["boundingBox"][side] for side in ("x1", "y1", "x2", "y2")])
    assert overlap(box, np.array([[178, 63, 268, 176]]))[0] > 0.8
    assert all(side == round(side) for side in box)
    assert 0.9 < face["score"] <= 1
    assert len(json.loads(face["embedding"])) == 128
    assert abs(likeness(face, face) - 1) < 1e-4


@pytest.mark.parametrize(
    "change",
    [
        ImageOps.mirror,
        lambda image: image.resize((280, 280)),
        lambda image: image.resize((1800, 1800)),
        lambda image: image.rotate(20, expand=True),
        lambda image: ImageOps.expand(image, 700, "white"),
    ],
    ids=["mirrored", "small", "large", "turned", "in a large picture"],
)
def test_the_same_face_is_alike_however_it_is_shown(starter, astronaut, change) -> None:
    _, (face,) = predicted(astronaut, *starter)
    _, found = predicted(change(astronaut), *starter)
    assert [likeness(face, each) > 0.7 for each in found] == [True]


def test_two_people_are_not_alike(starter, astronaut) -> None:
    _, (one,) = predicted(astronaut, *starter)
    _, (other,) = predicted(Image.fromarray(data.camera()).convert("RGB"), *starter)
    assert likeness(one, other) < 0.4


def test_two_faces_in_a_picture_are_two(starter, astronaut) -> None:
    both = Image.new("RGB", (1024, 512))
    both.paste(astronaut, (0, 0))
    both.paste(astronaut, (512, 0))
    found, faces = predicted(both, *starter)
    assert len(faces) == 2
    assert abs(faces[0]["boundingBox"]["x1"] - faces[1]["boundingBox"]["x1"]) > 400
    assert np.array(found["landmarks"]).shape == (2, 5, 2)


@pytest.mark.parametrize("name", ["coffee", "cat", "rocket", "text"])
def test_what_is_no_face_is_none(starter, name) -> None:
    found, faces = predicted(Image.fromarray(getattr(data, name)()).convert("RGB"), *starter)
    assert (found["boxes"], faces) == ([], [])


def test_the_score_decides_what_counts(starter, astronaut) -> None:
    assert predicted(astronaut, *starter, score=0.99)[1] == []


def test_tiny_pictures_are_looked_at(starter) -> None:
    assert predicted(Image.new("RGB", (1, 3000)), *starter)[1] == []


def test_a_picture_is_not_enlarged() -> None:
    assert sides_of(Image.new("RGB", (100, 50))) == [320]
    assert sides_of(Image.new("RGB", (321, 50))) == [320, 640]
    assert sides_of(Image.new("RGB", (1920, 1440))) == [320, 640, 1280]
    assert yunet.tensor(Image.new("RGB", (1920, 1440)), 640).shape == (1, 3, 480, 640)
    assert yunet.tensor(Image.new("RGB", (100, 50)), 320).shape == (1, 3, 64, 128)


def test_of_boxes_on_each_other_the_likeliest_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10]], np.float32)
    faces = Faces(boxes, np.array([0.8, 0.9, 0.7], np.float32), np.zeros((3, 5, 2), np.float32))
    assert without_doubles(faces, 0.3).scores.tolist() == pytest.approx([0.9, 0.7])


def test_a_turned_face_is_brought_upright() -> None:
    angle = np.radians(30)
    turn = 2.5 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    there = alignment.PLACES @ turn.T + [40, 70]
    matrix = alignment.similarity(there.astype(np.float32))
    back = there @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(back - alignment.PLACES).max() < 0.01
    mirrored = alignment.PLACES * [-1, 1]
    matrix = alignment.similarity(mirrored.astype(np.float32))
    assert np.linalg.det(matrix[:, :2]) > 0, "it turns and never mirrors"


def test_a_large_face_is_the_same_as_a_small_one() -> None:
    """Shrinking before turning moves nothing."""
    x, y = np.meshgrid(np.linspace(0, 1, 896), np.linspace(0, 1, 896))
    large = Image.fromarray((np.stack([x, y, (x + y) / 2], axis=-1) * 255).astype(np.uint8))
    small = large.resize((112, 112), Image.Resampling.BOX)
    places = alignment.PLACES.astype(np.float32)
    shown = [np.asarray(alignment.aligned(*each), float) for each in ((large, places * 8), (small, places))]
    assert np.abs(shown[0] - shown[1]).max() < 4


def model_file(folder, inputs, outputs, constants):
    """An ONNX file that answers constants of the shapes wanted, whatever it is given."""
    nodes = [
        helper.make_node("Constant", [], [name], value=helper.make_tensor(name, TensorProto.FLOAT, value.shape, value))
        for name, value in constants.items()
    ]
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(model, folder / "model.onnx")
    return folder


@pytest.fixture(scope="module")
def scrfd_folder(tmp_path_factory):
    """Finds one face at the cell (30, 20) of stride 8, and a worse one on it by the other anchor."""
    answers = {}
    for stride in scrfd.STRIDES:
        count = (640 // stride) ** 2 * 2
        answers[f"score{stride}"] = np.zeros((count, 1), np.float32)
        answers[f"box{stride}"] = np.zeros((count, 4), np.float32)
        answers[f"mark{stride}"] = np.zeros((count, 10), np.float32)
    first = (20 * 80 + 30) * 2
    answers["score8"][first : first + 2, 0] = 0.9, 0.8
    answers["box8"][first : first + 2] = (5, 4, 5, 6)
    answers["mark8"][first] = ((alignment.PLACES - 56) / 10 / 8).ravel()
    shapes = {name: list(answers[name].shape) for name in NINE}
    return model_file(
        tmp_path_factory.mktemp("scrfd"), {"input.1": [1, 3, "h", "w"]}, shapes, {name: answers[name] for name in NINE}
    )


def test_detectors_of_immich_are_read(scrfd_folder) -> None:
    detector = load_detection(scrfd_folder, SESSIONS.open)
    given = Input(image=Image.new("RGB", (1280, 960)))
    tensors = detector.prepare(given, {})
    assert [tensor.shape for tensor in tensors] == [(1, 3, 640, 640)]
    found = detector.finish(given, {"minScore": 0.7}, detector.run(tensors))
    left, top, right, bottom = (240 - 40) * 2, (160 - 32) * 2, (240 + 40) * 2, (160 + 48) * 2
    assert found["boxes"] == [pytest.approx([left, top, right, bottom])]
    assert found["scores"] == pytest.approx([0.9])
    eye = (alignment.PLACES[0] - 56) / 10 * 2 + [480, 320]
    assert found["landmarks"][0][0] == pytest.approx(eye.tolist(), abs=0.01)
    nothing = detector.finish(given, {"minScore": 0.95}, detector.run(tensors))
    assert nothing == {"boxes": [], "scores": [], "landmarks": []}


def test_a_picture_is_fitted_into_the_upper_left() -> None:
    tensor = scrfd.tensor(Image.new("RGB", (200, 100), (255, 127, 0)), 640, 640)
    assert tensor[0, :, 0, 0].tolist() == pytest.approx([127.5 / 128, -0.5 / 128, -127.5 / 128])
    assert tensor[0, 0, 319, 639] > 0.9
    assert (tensor[0, :, 320:] == np.float32(-127.5 / 128)).all()


def averaging(folder, batch, name):
    """A recogniser that answers the mean of each colour."""
    nodes = [helper.make_node("ReduceMean", [name[0]], [name[1]], axes=[2, 3], keepdims=0)]
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info(name[0], TensorProto.FLOAT, [batch, 3, 112, 112])],
        [helper.make_tensor_value_info(name[1], TensorProto.FLOAT, [batch, 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.save(model, folder / "model.onnx")
    return folder


@pytest.mark.parametrize("batch", ["n", 2])
def test_recognisers_of_immich_are_run_in_batches_of_their_own(scrfd_folder, tmp_path, batch) -> None:
    recogniser = load_recognition(averaging(tmp_path, batch, ("input.1", "683")), SESSIONS.open)
    image = Image.new("RGB", (640, 640), (255, 127, 0))
    given = Input(image=image, before={"landmarks": [alignment.PLACES.tolist()] * 3})
    vectors = recogniser.run(recogniser.prepare(given, {}))
    wanted = np.array([127.5, -0.5, -127.5]) / 127.5
    assert len(vectors) == 3
    for vector in vectors:
        assert vector == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-3)


def test_recognisers_that_normalise_themselves_are_given_bytes(tmp_path) -> None:
    recogniser = load_recognition(averaging(tmp_path, "n", ("data", "fc1")), SESSIONS.open)
    given = Input(image=Image.new("RGB", (640, 640), (255, 0, 0)), before={"landmarks": [alignment.PLACES.tolist()]})
    assert recogniser.prepare(given, {})[0][0].max() == 255
    assert recogniser.run(recogniser.prepare(given, {}))[0].tolist() == pytest.approx([1, 0, 0])


def test_what_is_no_detector_is_refused(tmp_path) -> None:
    folder = averaging(tmp_path, 1, ("image", "colour"))
    with pytest.raises(JobFailed, match="colour"):
        load_detection(folder, SESSIONS.open)


def test_without_a_picture_there_is_nothing_to_look_at(starter) -> None:
    with pytest.raises(JobFailed):
        starter[0].prepare(Input(text="a face"), {})
