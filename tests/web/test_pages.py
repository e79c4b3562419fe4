import re

import pytest

from marketplace.web.pages import assets

pytestmark = pytest.mark.usefixtures("tables")


async def test_the_front_page_answers_at_the_root(client):
    answer = await client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<script type="module" src="/web/app.js">' in answer.text


async def test_an_unchanged_file_is_answered_with_304(client):
    first = await client.get("/web/client.js")
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    again = await client.get("/web/client.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/web/nothing.js", "/web/../pages.py", "/web/..%2fpages.py", "/web//etc/passwd"])
async def test_only_the_files_of_the_page_are_served(client, path):
    assert (await client.get(path)).status_code == 404


def test_every_imported_module_is_there_and_nothing_comes_from_another_host():
    for name, asset in assets().items():
        text = asset.content.decode()
        urls = set(re.findall(r"https?://[\w.]+", text)) - {"http://www.w3.org"}
        assert not urls, f"{name} names another host: {urls}"
        folder = name.rpartition("/")[0]
        for target in re.findall(r'from "(\.[^"]+)"', text):
            parts = folder.split("/") if folder else []
            for part in target.split("/"):
                if part == "..":
                    parts.pop()
                elif part != ".":
                    parts.append(part)
            assert "/".join(parts) in assets(), f"{name} imports {target}"


def test_both_languages_say_the_same_things():
    text = assets()["i18n.js"].content.decode()
    english, chinese = text.split("  zh: {")
    keys = {part: set(re.findall(r"^    (\w+):", body, re.M)) for part, body in (("en", english), ("zh", chinese))}
    missing = {key for key in keys["en"] - keys["zh"] if not key.endswith("_one")}
    assert not missing
