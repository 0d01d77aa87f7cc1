"""Whatever a server does, in whatever order: the right bytes or none."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from livetrack_vcam.detectors.catalog import CatalogModel, Origin, read_catalog
from livetrack_vcam.detectors.download import Listener, Patience
from livetrack_vcam.detectors.pins import Pin
from livetrack_vcam.detectors.store_fetch import fetch_model, part_path
from livetrack_vcam.errors import ModelError
from tests import model_server as web

CONTENT = bytes(range(256)) * 300
PATIENCE = Patience(timeout_s=5, waits_s=(0.0,) * 3)
QUIET = Listener(lambda _done: None, lambda _line: None)

places = st.integers(0, len(CONTENT))
answers = st.one_of(
    st.sampled_from(
        [
            web.honest,
            web.chunks,
            web.broken_chunks,
            web.ignores_range,
            web.refuses_range,
            web.mumbles_range,
            web.without_length,
            web.garbage,
            web.login_page,
            web.redirects_to("/elsewhere"),
            web.sends(CONTENT[::-1]),
            web.sends(CONTENT[:-1]),
        ]
    ),
    places.map(web.hangs_up_after),
    places.map(web.ranges_from),
    places.map(web.claims),
    st.sampled_from([301, 403, 404, 416, 429, 500, 503]).map(web.status),
)
parts = st.one_of(
    st.none(), places.map(lambda end: CONTENT[:end]), st.binary(max_size=2 * len(CONTENT))
)


def model_at(url: str) -> CatalogModel:
    pin = Pin(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    return replace(read_catalog()[0], origins=(Origin(f"{url}/model"),), pins=(pin,))


@settings(max_examples=60)
@given(script=st.lists(answers, min_size=1, max_size=7), part=parts)
def test_a_download_gives_the_pinned_bytes_or_none(
    script: list[web.Answer], part: bytes | None
) -> None:
    with tempfile.TemporaryDirectory() as name, web.serving(CONTENT, *script) as server:
        folder = Path(name)
        model = model_at(server.url)
        if part is not None:
            part_path(model, model.origins[0], folder).write_bytes(part)
        try:
            fetch_model(model, folder, QUIET, PATIENCE)
        except ModelError:
            assert not (folder / model.file).exists()
        else:
            assert (folder / model.file).read_bytes() == CONTENT
        server.script[:] = [web.honest]
        fetch_model(model, folder, QUIET, PATIENCE)
        assert (folder / model.file).read_bytes() == CONTENT
        assert {path.name for path in folder.iterdir()} == {model.file, ".lock"}
