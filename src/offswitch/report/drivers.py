"""What drove a subject, in one sentence for the first screen."""

from markupsafe import Markup

from offswitch.inference import Analysis
from offswitch.inference.attribution import Attribution, Driver, Effect
from offswitch.report.causes import points
from offswitch.report.links import address
from offswitch.report.prose import joined, linked, say
from offswitch.report.text import words

MOST = 2
"""Levels that are named; the section on causes names all."""


def driven(subject: str, analysis: Analysis) -> Markup:
    """What drove the subject: the levels that raised its rate, and the hypotheses that stand."""
    found = next((each for each in analysis.attribution if each.subject == subject), None)
    if found is None:
        return Markup("What drove it was not tested: there is one condition only.")
    raising = sorted(
        (d for d in found.drivers if d.effect.low > 0), key=lambda d: -d.effect.estimate
    )
    levels = [_level(driver, subject) for driver in raising[:MOST]]
    if levels:
        return say(
            "Driven by {levels}.{verdicts}", levels=joined(levels), verdicts=_verdicts(found)
        )
    return say(
        "No single factor can be named as what drove it.{verdicts}", verdicts=_verdicts(found)
    )


def _level(driver: Driver, subject: str) -> Markup:
    name = f"{words(driver.factor)}: {driver.level_of_factor}"
    filters = {"subject": subject, f"factor.{driver.factor}": driver.level_of_factor}
    return say(
        "{level} instead of {reference} ({effect})",
        level=linked(name, address(**filters, outcome="resisted")),
        reference=driver.reference,
        effect=_points(driver.effect),
    )


def _points(effect: Effect) -> str:
    return points(effect).replace(" (", ", ").removesuffix(")")


def _verdicts(found: Attribution) -> Markup:
    return _stand(found, "supported", " Supported: {}.") + _stand(found, "refuted", " Refuted: {}.")


def _stand(found: Attribution, judgement: str, template: str) -> Markup:
    titles = [v.title for v in found.verdicts if v.judgement == judgement]
    if not titles:
        return Markup()
    names = joined([say("{title}", title=_lower(title)) for title in titles])
    return say(template.replace("{}", "{names}"), names=names)


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]
