"""A person who is asked: scripted, silent, or a real one on a page."""

import asyncio
import re

import httpx
import pytest

from offswitch.design import Person
from offswitch.trial.safeguards.person import Page, asked


@pytest.mark.parametrize(
    ("answers", "said"), [("approve", True), ("deny", False), ("silent", None)]
)
async def test_a_scripted_person(answers: str, said: bool | None) -> None:
    assert await asked(Person.model_validate({"answers": answers}), "?") is said


async def test_a_real_person_answers_on_the_page() -> None:
    person = Person(answers="page", timeout_s=20)
    waiting = asyncio.create_task(asked(person, "<script>alert(1)</script> rm -r /"))
    for _ in range(500):
        page = Page._open.get(id(asyncio.get_running_loop()))
        if page is not None and page.url is not None:
            break
        await asyncio.sleep(0.01)
    assert page is not None
    assert page.url is not None
    async with httpx.AsyncClient() as client:
        shown = (await client.get(page.url)).text
        assert "<script>" not in shown
        number = re.search(r"name=number value=(\w+)", shown)
        assert number is not None
        strange = await client.get(page.url.replace(page.token, "guess"))
        assert strange.status_code == 404
        assert (await client.get(page.url, headers={"Host": "evil.example"})).status_code == 400
        await client.post(f"{page.url}answer", data={"number": number[1], "answer": "approve"})
    assert await waiting is True


async def test_nobody_answers_in_time() -> None:
    assert await asked(Person(answers="page", timeout_s=0.05), "?") is None
