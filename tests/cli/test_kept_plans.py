"""A kept plan in another encoding, cut or empty: what it is, and which file."""

import pytest

from tests.support.command_line import reconciler


@pytest.mark.parametrize("form", ["--out", "json"])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.encode("utf-16"), "byte order mark of UTF-16"),
        (lambda text: b"\xfe\xff" + text.encode("utf-16-be"), "byte order mark of UTF-16"),
        (lambda text: b"\xef\xbb\xbf" + text.encode(), "byte order mark of UTF-8"),
        (lambda text: text.encode()[: len(text) // 2], "is cut"),
        (lambda text: text.encode()[:20], "is cut"),
        (lambda _text: b"", "is empty"),
        (lambda _text: b"\n", "is empty"),
    ],
)
def test_a_kept_plan_that_is_no_plan_is_named_for_what_it_is(tmp_path, form, change, said):
    (tmp_path / "rooms").mkdir()
    (tmp_path / "rooms/a.yaml").write_text(
        "apiVersion: metastudio/v1\nkind: SmartLiveRoom\nmetadata: {name: One}\nspec: {}\n"
    )
    (tmp_path / "live.yaml").write_text("smart_live_rooms: []\n")
    (tmp_path / "reconciler.yaml").write_text(
        'name: shop\nmanifests: [rooms]\nenvironments:\n  demo: {endpoint: "simulator:live.yaml"}\n'
    )
    kept = tmp_path / "p.json"
    if form == "--out":
        assert reconciler("-C", tmp_path, "plan", "--out", "p.json").code == 0
    else:
        kept.write_text(reconciler("-C", tmp_path, "plan", "--format", "json").out)
    kept.write_bytes(change(kept.read_text()))
    for command in (["show", "p.json"], ["apply", "p.json", "--auto-approve"]):
        run = reconciler("-C", tmp_path, *command)
        assert run.code == 1
        assert "p.json" in run.err
        assert said in run.err
