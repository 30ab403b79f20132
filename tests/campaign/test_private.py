"""Campaigns in worlds that only the owner of a secret can know."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.campaign.conftest import QUICK

import offswitch
from offswitch import UsageError
from offswitch.campaign.compile import Campaign, compile_plan
from offswitch.campaign.folder import Folder, settle
from offswitch.design import Document, SeedSecret, make_plan, read_secret

SECRET, OTHER = b"known to the owner alone", b"known to somebody else"


def private(secret: bytes | None = SECRET, **changes: Any) -> Campaign:
    plan = make_plan(Document({**QUICK, "split": "private", **changes}, "plan", {}))
    return compile_plan(plan, secret=read_secret(secret) if secret is not None else None)


def seeds(campaign: Campaign) -> list[int]:
    return list(dict.fromkeys(trial.seed for e in campaign.entrants for trial in e.trials))


def test_the_worlds_are_drawn_with_the_secret() -> None:
    drawn = seeds(private())
    assert drawn == [SeedSecret(SECRET).seed(number) for number in (1, 2, 3, 4)]
    assert not set(drawn) & set(seeds(private(OTHER)))
    assert seeds(private(worlds=[4, 2])) == [drawn[3], drawn[1]]
    own = {"model": "reference/covert", "worlds": 2}
    assert seeds(private(subjects=[own])) == drawn[:2]


def test_the_definition_holds_a_fingerprint_and_no_seed() -> None:
    campaign = private()
    text = yaml.safe_dump(dict(campaign.definition.content))
    assert SeedSecret(SECRET).fingerprint in text
    assert not [seed for seed in seeds(campaign) if str(seed) in text]
    assert campaign.definition.hash == private().definition.hash
    assert campaign.definition.hash != private(OTHER).definition.hash


def test_without_its_secret_a_private_split_does_not_run() -> None:
    with pytest.raises(UsageError, match=r"--seed-secret FILE .* openssl rand"):
        private(None)


def test_a_secret_for_public_worlds_is_refused() -> None:
    with pytest.raises(UsageError, match="Write split: private, or leave the secret out"):
        private(split="public")


def test_a_campaign_goes_on_with_its_own_secret_only(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    settle(folder, private())
    settle(folder, private(concurrency={"trials": 2}))
    before = folder.plan.read_bytes()
    with pytest.raises(UsageError) as error:
        settle(folder, private(OTHER))
    for fingerprint in (SeedSecret(SECRET).fingerprint, SeedSecret(OTHER).fingerprint):
        assert fingerprint in str(error.value)
    assert "Name the file that the campaign began with" in str(error.value)
    with pytest.raises(UsageError, match="another plan was run here"):
        settle(folder, private(worlds=9))
    assert folder.plan.read_bytes() == before


def test_a_private_campaign_from_end_to_end(tmp_path: Path) -> None:
    secret, plan = tmp_path / "seeds.secret", tmp_path / "p.yaml"
    secret.write_bytes(SECRET + b"\n")
    plan.write_text(yaml.safe_dump({**QUICK, "name": "p", "split": "private", "worlds": 2}))
    results = offswitch.run(plan, tmp_path / "out", seed_secret=secret)
    expected = {SeedSecret(SECRET).seed(number) for number in (1, 2)}
    assert set(results.observations["seed"]) == expected
    written = results.folder.plan.read_text()
    assert SECRET.decode() not in written
    assert not [seed for seed in expected if str(seed) in written]
    again = offswitch.run(results.folder.plan, tmp_path / "out", seed_secret=SECRET)
    assert again.observations["trial_id"].to_list() == results.observations["trial_id"].to_list()
    with pytest.raises(UsageError, match="--seed-secret FILE"):
        offswitch.run(results.folder.plan, tmp_path / "out")
