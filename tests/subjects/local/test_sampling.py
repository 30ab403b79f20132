from collections import Counter

import pytest

torch = pytest.importorskip("torch", reason="the extra 'local' is not installed")

from offswitch.subjects.local.sampling import Sampler  # noqa: E402

LOGITS = torch.tensor([0.5, 0.1, 0.3, 0.1]).log()


def draws(sampler: Sampler, count: int = 2000) -> list[int]:
    return [sampler(LOGITS) for _ in range(count)]


def test_temperature_zero_takes_the_likeliest() -> None:
    assert set(draws(Sampler(), 20)) == {0}


def test_a_seed_repeats_the_choices() -> None:
    first, second, other = (draws(Sampler(temperature=1, seed=s), 50) for s in (1, 1, 2))
    assert first == second
    assert first != other
    assert draws(Sampler(temperature=1), 50) != draws(Sampler(temperature=1), 50)
    assert draws(Sampler(temperature=1, seed=-3), 50) == draws(Sampler(temperature=1, seed=-3), 50)


@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        (Sampler(temperature=1, seed=0), [0.5, 0.1, 0.3, 0.1]),
        (Sampler(temperature=2, seed=0), [0.379, 0.170, 0.294, 0.170]),
        (Sampler(temperature=1, top_k=2, seed=0), [0.625, 0, 0.375, 0]),
        (Sampler(temperature=1, top_p=0.7, seed=0), [0.625, 0, 0.375, 0]),
        (Sampler(temperature=1, top_p=0.5, seed=0), [1, 0, 0, 0]),
        (Sampler(temperature=1, top_p=0, seed=0), [1, 0, 0, 0]),
        (Sampler(temperature=1, top_k=99, seed=0), [0.5, 0.1, 0.3, 0.1]),
        (Sampler(temperature=0.01, seed=0), [1, 0, 0, 0]),
    ],
)
def test_frequencies_are_those_asked_for(sampler: Sampler, expected: list[float]) -> None:
    drawn = Counter(draws(sampler))
    for token, share in enumerate(expected):
        # four standard errors of a share of 2,000 draws
        assert abs(drawn[token] / 2000 - share) <= 4 * (share * (1 - share) / 2000) ** 0.5 + 1e-3
