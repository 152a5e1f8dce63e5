"""An operator's catalog file: what it changes, and that mistakes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoplay.catalog import Catalog
from photoplay.errors import SettingsError, UnknownEffect, UnknownModel
from photoplay.jobs.job import JobRequest, MediaRef

REQUEST = JobRequest(images=(MediaRef(url="https://example.com/a.jpg"),))


def load(tmp_path: Path, text: str) -> Catalog:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return Catalog.load(path)


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "").models() == Catalog.load().models()


def test_keys_that_are_not_named_stay(tmp_path: Path) -> None:
    catalog = load(tmp_path, '[models.motion]\nlabel = "Ours"\n')
    model = catalog.model("motion")
    assert model.label == "Ours"
    assert model.model_copy(update={"label": "Motion"}) == Catalog.load().model("motion")


def test_prices_of_one_size(tmp_path: Path) -> None:
    catalog = load(tmp_path, '[prices.standard.video]\n"720p" = [{ up_to_s = 15, credits = 3 }]\n')
    assert catalog.quote(REQUEST, plan="free").credits == 3
    assert catalog.quote(REQUEST.model_copy(update={"resolution": "4k"}), plan="free").credits == 30


def test_a_new_model_takes_anothers_keys(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        """
        [models.postcard]
        extends = "motion"
        label = "Postcard"
        plan = "pro"
        [models.postcard.qualities.fine]
        engine_quality = "premium"
        [defaults]
        native = "postcard"
        """,
    )
    model = catalog.model("postcard")
    assert (model.name, model.label, model.engine) == ("postcard", "Postcard", "motion")
    assert set(model.qualities) == {"std", "pro", "premium", "fine"}
    assert set(catalog.model("motion").qualities) == {"std", "pro", "premium"}
    assert catalog.default_model == "postcard"


def test_a_change_reaches_the_heirs(tmp_path: Path) -> None:
    catalog = load(tmp_path, "[models.motion]\nprompt_limit = 99\n")
    assert catalog.model("AkoolImage2VideoFastV1").prompt_limit == 99


def test_taking_entries_out(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        '[defaults]\nnative = "AkoolImage2VideoFastV1"\n'
        "[models.motion]\nenabled = false\n[effects.squish]\nenabled = false\n",
    )
    with pytest.raises(UnknownModel):
        catalog.model("motion")
    assert catalog.model("AkoolImage2VideoFastV1").engine == "motion"  # its heirs stay
    with pytest.raises(UnknownEffect):
        catalog.effect("squish_89244231312")


def test_one_entry_makes_an_effect(tmp_path: Path) -> None:
    catalog = load(
        tmp_path,
        '[effects.somersault]\ncode = "somersault_1"\nname = "Somersault"\n'
        'object_id = "000000000000000000000001"\ncreated_ms = 1\n',
    )
    assert catalog.effect("somersault_1") == catalog.effects[-1]
    assert catalog.quote(REQUEST.model_copy(update={"effect": "somersault"}), plan="free").effect == "somersault"


def test_plans_can_be_changed(tmp_path: Path) -> None:
    catalog = load(tmp_path, "[plans.free]\nrequests_per_minute = 7\n")
    assert catalog.plan("free").requests_per_minute == 7
    assert catalog.plan("free").concurrent_jobs == Catalog.load().plan("free").concurrent_jobs


EFFECT = 'name = "X"\nobject_id = "000000000000000000000001"\ncreated_ms = 1\n'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("x = ", "not valid TOML"),
        ("[modles.motion]\n", "modles: unknown table"),
        ("models = 5", "models: must be a table"),
        ("[models]\nmotion = 5", "models.motion: must be a table"),
        ("[models.motion]\nprompt_limt = 5", "models.motion.prompt_limt: unknown key"),
        ("[models.motion]\nname = 'x'", "models.motion.name: unknown key"),
        ("[models.motion]\nprompt_limit = 'many'", "models.motion.prompt_limit: "),
        ("[models.motion]\ndurations_s = [5, 3]", "durations_s must rise"),
        ("[models.motion]\ndurations_s = [5, 90]", "models.motion.durations_s.1: "),
        ("[models.motion]\nshortest_s = 2", "shortest_s needs any_duration"),
        ("[models.AkoolImage2VideoFastV1]\nshortest_s = 1", "shortest_s needs any_duration"),
        ("[models.motion]\ndefault_fps = 23", "default_fps must be one of fps"),
        ("[models.motion]\nplan = 'gold'", "models.motion.plan: "),
        ("[models.motion]\nenabled = 'no'", "models.motion.enabled: must be true or false"),
        ("[models.motion]\nprices = 'none'", "there is no price table 'none'"),
        ("[models.motion]\ndurations_s = [5, 30]", "ends before 30 s"),
        ("[models.motion]\nresolutions = [{name='2k', short_side=1080, width=2048, height=1080}]", "has no 2k"),
        ("[models.motion]\nresolutions = [{name='4K', short_side=240, width=240, height=240}]", "lower case"),
        ("[models.motion]\nresolutions = [{name='a', short_side=240, width=242, height=242}]", "short_side"),
        ("[models.motion]\nresolutions = [{name='a', short_side=241, width=241, height=242}]", "even"),
        ("[models.motion]\nresolutions = [{name='a', short_side=240, width=240, height=640}]", "longer than"),
        ("[prices.standard.video]\n4k = [{up_to_s = 5, credits = 1}]", "standard.4k ends before"),
        ("[models.new]\nlabel = 'x'", "models.new.kinds: is missing"),
        ("[models.new]\nextends = 'nothing'", "models.new.extends: "),
        ("[models.motion]\nextends = 'AkoolImage2VideoFastV1'", "extends: "),
        ("[models.motion.qualities.x]\nengine_quality = 'a'\npremum = true", "qualities.x.premum: unknown key"),
        ("[prices.standard.video]\n720p = []", "prices.standard.video.720p: "),
        ("[prices.standard]\naudio = [{up_to_s = 5, credits = -1}]", "prices.standard.audio.0.credits: "),
        ("[prices.standard]\naudio = [{up_to_s=5, credits=1}, {up_to_s=5, credits=2}]", "from short to long"),
        ("[plans.gold]\nweight = 1", "plans.gold"),
        ("[plans.free]\nenabled = false", "plans are free, starter"),
        ("[plans.free]\nweight = 0", "plans.free.weight: "),
        ("[defaults]\nnative = 'nothing'", "defaults.native: no model 'nothing'"),
        ("[defaults]\nnative = 5", "defaults.native: must be the name of a model"),
        ("[models.motion]\nenabled = false", "defaults.native: no model 'motion'"),
        (f"[effects.x]\ncode = 'squish_89244231312'\n{EFFECT}", "effects.x.code: 'squish_89244231312' is taken"),
        (f"[effects.x]\ncode = 'squish'\n{EFFECT}", "effects.x.code: 'squish' is taken"),
        (f"[effects.X_Y]\ncode = 'x'\n{EFFECT}", "effects.X_Y.slug: "),
    ],
)
def test_mistakes_are_named_with_their_file(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert named in caught.value.message
    assert "mine.toml" in caught.value.message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        Catalog.load(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        Catalog.load(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not valid TOML"):
        Catalog.load(tmp_path / "binary.toml")
