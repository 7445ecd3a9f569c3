# SPDX-FileCopyrightText: 2026 The federation.adfs contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the page of rollover_report in a browser: ``make page-check``.

Every state of the summary becomes a page, and so do many farms and a ledger. Each is opened in Chromium: nothing may be complained of in the console,
nothing may be fetched, axe may find nothing, and at 400 pixels nothing may scroll sideways. Some are kept as pictures, wide and narrow, light and dark,
in build/page-check. Pages of 40 domains are printed, one with names that mean harm runs nothing, and those of 900 domains and of 120 farms are filtered
and sorted.
``page_check.py NAME...`` looks at these pages only, by their names in build/page-check/pages.

Needs Chromium (Debian: ``apt-get install chromium``) and a package index for playwright; axe-core comes from npm. What is absent is skipped and counted.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
import time
import venv
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
UNIT = TESTS / "unit" / "plugins"
WORK = TESTS.parent / "build" / "page-check"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WHOLE = "due with ledger and hygiene"
FARMS = {"five farms": 5, "120 farms": 120}
PICTURED = (
    "in sync",
    "due with partners",
    "broken",
    "held clock",
    "emergency",
    "several tenants",
    "900 domains with 30 broken",
    "names that mean harm",
    WHOLE,
    *FARMS,
)
SIZES = {"wide": (1280, 900), "narrow": (400, 800)}
PRINTED, MOST_PAGES = ("due", WHOLE, "five farms"), 3  # 40 domains
MANY, MOST_BYTES, MOST_SECONDS = ("900 domains with 30 broken", "120 farms"), 2_000_000, 1.0
SECONDS = 600


def main() -> int:
    """Write the pages, then look at them with the Python of an environment that has playwright. Exit code 1 if something was found."""
    if sys.argv[1:2] == ["look"]:
        return look(Path(sys.argv[2]), Path(sys.argv[3]) if sys.argv[3] else None, sys.argv[4:])
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("page-check: skipped, 1 of 1: no Chromium on this machine (Debian: apt-get install chromium)")
        return 0
    WORK.mkdir(parents=True, exist_ok=True)
    write()
    axe = fetch_axe()
    python = environment()
    if python is None:
        print("page-check: skipped, 1 of 1: playwright cannot be had from the package index")
        return 0
    done = subprocess.run([str(python), __file__, "look", browser, str(axe or ""), *sys.argv[1:]], check=False, timeout=SECONDS)
    return done.returncode


def write() -> None:
    """Write index.html of each state into a folder of its own."""
    sys.path[:0] = [str(TESTS), str(UNIT / "module_utils" / "_renewal"), str(UNIT / "action")]
    from loading import load_collection

    load_collection()
    reports = import_module("test_rollover_report")
    pages = {name: (json.loads(reports.plan(name)), name) for name in reports.CASES}
    pages["names that mean harm"] = (reports.hostile(), "due with partners")
    pages[WHOLE] = ({**json.loads(reports.plan("due")), "not_in_adfs": [reports.strange()]}, "due")
    shutil.rmtree(WORK / "pages", ignore_errors=True)
    for name, (shown, case) in pages.items():
        folder = WORK / "pages" / _file(name)
        folder.mkdir(parents=True)
        told = reports.ledger() if name in (WHOLE, "names that mean harm") else None
        (folder / "index.html").write_bytes(reports.made(shown, case, told=told)["index.html"])
    for name, number in FARMS.items():
        (WORK / "pages" / _file(name)).mkdir()
        (WORK / "pages" / _file(name) / "index.html").write_bytes(reports.over_all(number))


def environment() -> Path | None:
    """An environment of its own with playwright, which drives the browser of the system and downloads none."""
    place = WORK / "venv"
    python = place / "bin" / "python"
    if not (place / ".installed").exists():
        venv.create(place, with_pip=True, clear=True)
        asked = [str(python), "-m", "pip", "install", "-qq", "--no-compile", "playwright"]
        if subprocess.run(asked, check=False, timeout=SECONDS).returncode:
            return None
        (place / ".installed").touch()
    return python


def fetch_axe() -> Path | None:
    """The script of axe-core, or None where npm is absent or has no package index."""
    place = WORK / "axe.min.js"
    if place.exists():
        return place
    if shutil.which("npm") is None:
        return None
    packed = subprocess.run(["npm", "pack", "--silent", "axe-core"], cwd=WORK, check=False, capture_output=True, text=True, timeout=SECONDS)
    name = packed.stdout.strip().rpartition("\n")[2]
    if packed.returncode or not name:
        return None
    with tarfile.open(WORK / name) as archive:
        script = archive.extractfile("package/axe.min.js")
        if script is None:
            return None
        place.write_bytes(script.read())
    return place


def look(browser: Path, axe: Path | None, names: Sequence[str] = ()) -> int:
    """Open every page, or those with these names. Runs with the Python that has playwright."""
    from playwright.sync_api import sync_playwright

    problems: list[str] = []
    pictures = 0
    folders = [folder for folder in sorted((WORK / "pages").iterdir()) if not names or folder.name in names]
    shutil.rmtree(WORK / "pictures", ignore_errors=True)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=str(browser), args=["--no-sandbox"])
        for folder in folders:
            for size, (width, height) in SIZES.items():
                for scheme in ("light", "dark"):
                    context = running.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True, bypass_csp=False)
                    page = context.new_page()
                    page.set_default_timeout(30_000)
                    said = _listen(page)
                    page.goto((folder / "index.html").as_uri())
                    problems += [f"{folder.name} ({size}, {scheme}): {text}" for text in said]
                    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                        problems.append(f"{folder.name} ({size}, {scheme}): it scrolls sideways")
                    if axe is not None and (size == "wide" or folder.name in map(_file, PICTURED)):
                        problems += [f"{folder.name} ({size}, {scheme}): axe: {text}" for text in _violations(context, page, axe)]
                    if folder.name in map(_file, PICTURED):
                        target = WORK / "pictures" / f"{folder.name}-{size}-{scheme}.png"
                        page.screenshot(path=str(target), full_page=folder.name not in map(_file, MANY))
                        pictures += 1
                    context.close()
        for name in PRINTED:
            problems += _printed(running, WORK / "pages" / _file(name) / "index.html") if not names or _file(name) in names else []
        for name in MANY:
            problems += _many(running, WORK / "pages" / _file(name) / "index.html") if not names or _file(name) in names else []
        running.close()
    for problem in problems:
        print(f"page-check: {problem}")
    skipped = "" if axe else "; skipped, 1: axe (no npm, or no package index for it)"
    found = f"{len(problems)} problems" if problems else "nothing found"
    print(f"page-check: {len(folders)} pages, each wide and narrow, light and dark; {pictures} pictures in {WORK / 'pictures'}; {found}{skipped}")
    return 1 if problems else 0


def _file(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _listen(page: Any) -> list[str]:
    """What the console, a script's error, a dialogue or a request would say, as it comes."""
    said: list[str] = []
    page.on("console", lambda message: said.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("request", lambda request: said.extend([f"request: {request.url[:200]}"] if not request.url.startswith("file:") else []))

    def dismiss(dialog: Any) -> None:
        said.append(f"dialogue: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", dismiss)
    return said


def _violations(context: Any, page: Any, axe: Path) -> list[str]:
    """What axe finds. The page's policy lets no other script run, so axe is run from outside of it."""
    session = context.new_cdp_session(page)
    tree = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
    world = session.send("Page.createIsolatedWorld", {"frameId": tree})["executionContextId"]
    source = axe.read_text(encoding="utf-8") + ";axe.run().then(r => JSON.stringify(r.violations.map(v => v.id + ': ' + v.help + ' (' + v.nodes.length + ')')))"
    answer = session.send("Runtime.evaluate", {"expression": source, "contextId": world, "awaitPromise": True, "returnByValue": True})
    if "exceptionDetails" in answer:
        return [f"did not run: {answer['exceptionDetails'].get('text')}"]
    return list(json.loads(answer["result"]["value"]))


def _printed(running: Any, path: Path) -> list[str]:
    page = running.new_page()
    page.goto(path.as_uri())
    paper = page.pdf(format="A4")
    (WORK / "pictures" / f"{path.parent.name}.pdf").write_bytes(paper)
    page.close()
    pages = len(re.findall(rb"/Type\s*/Page\b", paper))
    return [] if 1 <= pages <= MOST_PAGES else [f"{path.parent.name}: it is printed on {pages} pages"]


def _many(running: Any, path: Path) -> list[str]:
    found = []
    if path.stat().st_size > MOST_BYTES:
        found.append(f"{path.parent.name}: {path.stat().st_size} bytes")
    page = running.new_page()
    page.goto(path.as_uri())
    shown = "Array.from(document.querySelectorAll('table.list tbody tr')).filter(row => !row.hidden).length"
    every = page.evaluate(shown)
    begin = time.monotonic()
    page.fill("#find", "77")
    some = page.evaluate(shown)
    page.locator("table.list thead button").first.click()
    took = time.monotonic() - begin
    page.close()
    if not 0 < some < every:
        found.append(f"{path.parent.name}: the filter leaves {some} of {every} domains")
    if took > MOST_SECONDS:
        found.append(f"{path.parent.name}: filter and sort took {took:.1f} s")
    return found


if __name__ == "__main__":
    sys.exit(main())
