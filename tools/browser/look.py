"""Opens reports in a real browser: what axe-core finds, whether they work by mouse and by keyboard, what they ask for.

    python look.py CHROMIUM WEIGH FOLDER MODEL…

FOLDER gets the reports and pictures of them: light and dark, wide and narrow, and on paper. Exits with 1 where something
is wrong. axe-core is run beside the page, as a developer's tool is; the page's own policy stays in force.
"""

from __future__ import annotations

import sys
from pathlib import Path
from subprocess import run
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
    "narrow_dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
OPENED_WITHIN_MS = 1000


class Looked:
    """What is wrong with one report."""

    def __init__(self, browser: Browser, report: Path) -> None:
        self.browser = browser
        self.report = report
        self.faults: list[str] = []

    def all(self) -> list[str]:
        for name, look in LOOKS.items():
            self.look(name, look)
        self.without_scripts()
        self.on_paper()
        return self.faults

    def opened(self, **context: Any) -> Page:
        page = self.browser.new_context(**context).new_page()
        page.on("pageerror", lambda error: self.faults.append(f"error in the page: {error}"))
        page.on("console", lambda said: self.faults.append(f"console: {said.text}"))
        page.on("request", lambda asked: asked.url == self.report.as_uri() or self.faults.append(f"asks for {asked.url}"))
        page.on("dialog", lambda dialog: self.faults.append(f"a name was run: {dialog.message}"))
        page.goto(self.report.as_uri())
        return page

    def look(self, name: str, look: dict[str, Any]) -> None:
        page = self.opened(**look)
        took = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        if took > OPENED_WITHIN_MS:
            self.faults.append(f"opened in {took:.0f} ms")
        page.screenshot(path=self.report.with_name(f"{self.report.stem}_{name}.png"), full_page=True)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self.faults.append(f"{name}: wider than the screen")
        for violation in Axe().run(page).response["violations"]:
            places = [node["html"][:120] for node in violation["nodes"][:3]]
            self.faults.append(f"{name}: axe {violation['id']}: {violation['help']}: {places}")
        if name == "light":
            self.by_mouse_and_keyboard(page)
        page.context.close()

    def by_mouse_and_keyboard(self, page: Page) -> None:
        path = page.locator(".crumbs").first.locator("button")
        holder = page.locator(".treemap").first.locator(".map > .box > .in > .holds")
        if holder.count():
            before = path.count()
            holder.first.focus()
            page.keyboard.press("Enter")
            self.expect(path.count() == before + 1, "Enter opens a box")
            page.screenshot(path=self.report.with_name(f"{self.report.stem}_opened.png"))
            page.keyboard.press("Escape")
            self.expect(path.count() == before, "Escape leaves it")
            holder.first.locator("rect").first.click(position={"x": 8, "y": 8})
            self.expect(path.count() == before + 1, "a click opens a box")
            path.first.click()
            self.expect(path.count() == 1, "the path leads back")
        for button in page.locator(".tools button").all():
            button.click()
            self.expect(button.get_attribute("aria-pressed") == "true", "a choice is pressed")
        rows = page.locator(".rows").first.locator("tbody tr:visible")
        shown = rows.count()
        page.locator(".search input").first.fill("no such module")
        self.expect(rows.count() == 0, "a search finds nothing")
        page.locator(".search input").first.fill("")
        self.expect(rows.count() == shown, "without a search all is as before")
        for head in page.locator(".rows thead button").all():
            head.click()
            self.expect(rows.count() == shown, "sorting loses no row")

    def without_scripts(self) -> None:
        page = self.browser.new_context(java_script_enabled=False).new_page()
        page.goto(self.report.as_uri())
        for part in (".cards", ".map .box", ".rows tbody tr"):
            self.expect(page.locator(part).first.is_visible(), f"without scripts {part} shows")
        page.context.close()

    def on_paper(self) -> None:
        page = self.opened()
        page.pdf(path=self.report.with_suffix(".pdf"), format="A4")
        page.context.close()

    def expect(self, is_true: bool, what: str) -> None:
        if not is_true:
            self.faults.append("not so: " + what)


def main(chromium: str, weigh: str, folder: str, *models: str) -> int:
    faults = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        asked = [[model] for model in models] + [list(models[:3])]
        asked += [["plan", models[0], "--device", "8xh200"], ["diff", *models[1:3]]]
        for arguments in asked:
            report = Path(folder).resolve() / ("_".join(Path(one).stem for one in arguments) + ".html")
            made = run([weigh, *arguments, "--format", "html"], capture_output=True, check=False)
            if made.returncode not in (0, 1):  # 1: of a diff of two that differ
                raise SystemExit(made.stderr.decode())
            report.write_bytes(made.stdout)
            for fault in Looked(browser, report).all():
                print(f"{report.name}: {fault}")
                faults += 1
        browser.close()
    print(f"{faults} faults; pictures are in {folder}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
