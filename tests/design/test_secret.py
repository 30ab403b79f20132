import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offswitch import UsageError
from offswitch.design import SeedSecret, make_plan, parse_document, read_secret
from offswitch.design.secret import PUBLIC_LIMIT

SECRET = b"a secret of more than sixteen bytes"
secrets = st.binary(min_size=16, max_size=64).map(SeedSecret)
numbers = st.integers(0, 2**61 - 1)


@given(secrets, numbers)
def test_private_seeds_never_meet_public_ones_and_fit_a_signed_column(
    secret: SeedSecret, number: int
) -> None:
    seed = secret.seed(number)
    assert PUBLIC_LIMIT <= seed < 2**62 < 2**63
    assert seed == secret.seed(number)


@given(secrets, st.lists(numbers, min_size=1, max_size=30, unique=True), st.randoms())
def test_a_seed_depends_on_its_number_alone(
    secret: SeedSecret, worlds: list[int], dice: random.Random
) -> None:
    seeds = {number: secret.seed(number) for number in worlds}
    turned = list(worlds)
    dice.shuffle(turned)
    assert {number: secret.seed(number) for number in turned} == seeds
    assert len(set(seeds.values())) == len(worlds)


def test_seeds_are_the_same_for_ever() -> None:
    """Other seeds would be other worlds: HMAC-SHA256 as computed by another implementation."""
    # printf 'offswitch world seed 1' | openssl dgst -sha256 -hmac "$SECRET" -binary | head -c 8
    assert SeedSecret(SECRET).seed(1) == SEED_OF_ONE


SEED_OF_ONE = 4000542601483428145


@given(secrets, secrets, numbers)
def test_other_secrets_are_other_worlds(one: SeedSecret, other: SeedSecret, number: int) -> None:
    if one.fingerprint != other.fingerprint:
        assert one.seed(number) != other.seed(number)


def test_a_secret_shows_its_fingerprint_and_nothing_else() -> None:
    secret = SeedSecret(SECRET)
    assert repr(secret) == str(secret) == f"SeedSecret({secret.fingerprint})"
    assert len(secret.fingerprint) == 32
    assert SECRET.decode() not in f"{secret!r} {secret} {[secret]}"


def test_a_file_is_its_content_without_the_line_break(tmp_path: Path) -> None:
    path = tmp_path / "seeds.secret"
    fingerprints = set()
    for content in (SECRET, SECRET + b"\n", SECRET + b"\r\n"):
        path.write_bytes(content)
        fingerprints.add(read_secret(path).fingerprint)
        fingerprints.add(read_secret(str(path)).fingerprint)
    assert fingerprints == {read_secret(SECRET).fingerprint}


@pytest.mark.parametrize("content", [b"", b"short", b"fifteen bytes!!", b"fifteen bytes!!\n"])
def test_short_secrets_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "seeds.secret"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"seeds.secret: a seed secret has at least 16 bytes"):
        read_secret(path)
    with pytest.raises(UsageError, match="openssl rand"):
        read_secret(content.strip())


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere: cannot be read: No such file"):
        read_secret(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="cannot be read"):
        read_secret(tmp_path)


def test_public_seeds_leave_room_for_private_ones() -> None:
    text = "subjects: a/b\nscenarios: c\nworlds: [{}]\n"
    assert make_plan(parse_document(text.format(2**61 - 1), "p")).worlds == (2**61 - 1,)
    with pytest.raises(UsageError, match=r"p, line 3: worlds\.0: "):
        make_plan(parse_document(text.format(2**61), "p"))
