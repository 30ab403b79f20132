"""Plans from documents and back; what is wrong is said with its line, its key and the remedy."""

from collections.abc import Iterator
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from offswitch._errors import UsageError, unknown
from offswitch.design.document import Document, Path
from offswitch.design.plan import Plan

ADDED = ("as_run", "registration")
"""Keys that are no author's."""


def make_plan(document: Document) -> Plan:
    """Check a plan's structure.

    Raises:
        UsageError: Everything that is wrong, each with its line, its key and the remedy.
    """
    if not isinstance(document.data, dict):
        raise UsageError(
            f"{document.source}: a plan is a mapping that begins, for example, with 'subjects:'"
        )
    try:
        plan = Plan.model_validate(document.data)
    except ValidationError as error:
        problems = [_problem(document, e) for e in error.errors(include_url=False)]
        raise UsageError("\n".join(dict.fromkeys(problems))) from None
    for problem in _duplicates(plan, document):
        raise UsageError(problem)
    return plan


def _duplicates(plan: Plan, document: Document) -> Iterator[str]:
    names = [subject.name for subject in plan.subjects]
    for position, name in enumerate(names):
        if name in names[:position]:
            place = document.place(("subjects", position))
            yield f"{place}: the subject '{name}' stands twice; give one of them another 'name'"
    everywhere: list[tuple[Path, tuple[int, ...] | None]] = [(("worlds",), plan.worlds)]
    everywhere += [(("subjects", n, "worlds"), s.worlds) for n, s in enumerate(plan.subjects)]
    for path, seeds in everywhere:
        if seeds is not None and len(set(seeds)) != len(seeds):
            yield f"{document.place(path)}: worlds: a seed stands twice"
    claims = [hypothesis.name for hypothesis in plan.hypotheses]
    for position, name in enumerate(claims):
        if name in claims[:position]:
            place = document.place(("hypotheses", position))
            yield f"{place}: the hypothesis '{name}' stands twice; give one of them another 'name'"


def _problem(document: Document, error: ErrorDetails) -> str:
    path: Path = tuple(error["loc"])
    place = document.place(path)
    if error["type"] == "extra_forbidden":
        *parent, key = path
        return str(unknown("key", str(key), _model_at(tuple(parent)).model_fields, place))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":
        message = "is missing"
    elif error["type"] == "string_type" and isinstance(error["input"], bool | int | float):
        message = f"is read as {type(error['input']).__name__}; write it in quotes"
    elif error["type"] == "too_short":
        message = "is empty"
    key = ".".join(str(part) for part in path if part != "levels")
    return f"{place}: {key}: {message}" if key else f"{place}: {message}"


def _model_at(path: Path) -> type[BaseModel]:
    """The model whose keys stand at a path of a plan."""
    model: type[BaseModel] = Plan
    for part in path:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = next(_models(field.annotation), model)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def plain(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, complete; consecutive seeds as ``{count, first}``."""
    data = plan.model_dump(mode="json", by_alias=True)
    parts = {"subjects": [_shorten(subject) for subject in data["subjects"]]}
    return _shorten({**data, **parts})


def _shorten(data: dict[str, Any]) -> dict[str, Any]:
    seeds = data["worlds"]
    if seeds and len(seeds) > 1 and seeds == list(range(seeds[0], seeds[0] + len(seeds))):
        return {**data, "worlds": {"count": len(seeds), "first": seeds[0]}}
    return data


def dump_plan(plan: Plan) -> str:
    """The plan as YAML, complete; reading it gives the same plan."""
    data = {key: value for key, value in plain(plan).items() if key not in ADDED or value}
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
