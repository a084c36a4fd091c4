"""Texts as vectors: by the model's own tokenizer, padded and cut to what its context holds."""

import string
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from tokenizers import Tokenizer

from immich_inference.api import Input, OpenSession
from immich_inference.languages import flores_code
from immich_inference.vectors import DTYPES, as_text, output_named, run_stacked

CONTEXT = 77
"""Tokens, where the model's `config.json` does not say."""

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


class Textual:
    """Runs `textual/model.onnx`."""

    def __init__(self, folder: Path, open_session: OpenSession) -> None:
        text_config = orjson.loads((folder.parent / "config.json").read_bytes()).get("text_cfg", {})
        self._canonical = text_config.get("tokenizer_kwargs", {}).get("clean") == "canonicalize"
        self._is_multilingual = folder.parent.name.startswith("nllb")
        self._tokenizer = _tokenizer(folder, text_config.get("context_length", CONTEXT))
        self._session = open_session(folder)
        self._inputs = {name: DTYPES.get(kind, np.int32) for name, (kind, _) in self._session.inputs.items()}
        self._output = output_named(self._session, "embedding", "text_embedding")

    def prepare(self, given: Input, options: Mapping[str, Any]) -> Sequence[Mapping[str, np.ndarray]]:
        """The tokens."""
        text = " ".join((given.text or "").split())
        if self._canonical:
            text = " ".join(text.translate(_NO_PUNCTUATION).lower().split())
        if self._is_multilingual:
            language = options.get("language")
            text = f"{flores_code(language if isinstance(language, str) else None)}{text}"
        tokens = self._tokenizer.encode(text)
        return [
            {
                name: np.array(tokens.attention_mask if name == "attention_mask" else tokens.ids, dtype)
                for name, dtype in self._inputs.items()
            }
        ]

    def group(self, item: Mapping[str, np.ndarray]) -> Hashable:
        """All are of the context's length."""
        return next(iter(item.values())).shape

    def run(self, items: Sequence[dict[str, np.ndarray]]) -> Sequence[np.ndarray]:
        """A vector for each."""
        return run_stacked(self._session, items, self._output)

    def finish(self, given: Input, options: Mapping[str, Any], results: Sequence[np.ndarray]) -> str:  # noqa: ARG002
        """As on the wire."""
        return as_text(results[0])


def _tokenizer(folder: Path, context: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    pad = orjson.loads((folder / "tokenizer_config.json").read_bytes()).get("pad_token", "")
    pad_token = pad if isinstance(pad, str) else pad["content"]
    pad_id = tokenizer.token_to_id(pad_token)
    tokenizer.enable_padding(length=context, pad_token=pad_token, pad_id=0 if pad_id is None else pad_id)
    tokenizer.enable_truncation(max_length=context)
    return tokenizer
