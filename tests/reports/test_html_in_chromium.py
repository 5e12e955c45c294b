"""The page in a real browser: it filters, folds, obeys keys, prints, and is quiet on the console."""

import base64
import re
import time

import pytest

from reconciler.model.change import Attribution
from reconciler.model.plan import Plan
from reconciler.model.report import ReportOptions
from reconciler.reports.html.report import report
from tests.support.browser import chromium
from tests.support.report_hostile import hostile, nasty_texts
from tests.support.report_samples import sample_audit, sample_plan
from tests.support.report_values import PLAIN, create, delete, everything, field, report_of, still, update

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def opened(browser, tmp_path):
    """Open a page and return the browser; at the end its console must be empty."""

    def open_page(page):
        (tmp_path / "page.html").write_text(page, encoding="utf-8")
        browser.get((tmp_path / "page.html").as_uri())
        return browser

    browser.get_log("browser")
    yield open_page
    said = [entry for entry in browser.get_log("browser") if not entry["message"].startswith("chrome://")]
    assert said == []  # Chromium's own pages, chrome://, complain of a slow machine now and then


def plan(name="demo", count=3):
    drift = Attribution.DRIFT
    groups = [update(f"Group {n}", field(f"f{n}", "old", f"new {n}", attribution=drift)) for n in range(count)]
    return Plan(environment=name, base="ledger", changes=(*groups, create("Room"), delete("Gone"), still()))


def shown(driver):
    names = "[...document.querySelectorAll('.change:not([hidden]) .name')]"
    return driver.execute_script(f"return {names}.map((name) => name.lastChild.textContent.trim())")


def find(driver, selector):
    from selenium.webdriver.common.by import By

    return driver.find_element(By.CSS_SELECTOR, selector)


def press(driver, key):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(driver).send_keys(key).perform()


def wait_for(condition):
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_script_runs_under_the_pages_own_policy(opened):
    driver = opened(report(report_of(everything()), PLAIN))
    assert driver.execute_script("return document.documentElement.dataset.ready") == "true"
    assert driver.execute_script("return getComputedStyle(document.querySelector('.sign')).borderRadius") == "5px"


def test_a_button_filters_by_action(opened):
    driver = opened(report(report_of(plan()), PLAIN))
    find(driver, "button[data-value=delete]").click()
    assert shown(driver) == ["Gone"]
    assert find(driver, "button[data-value=delete]").get_attribute("aria-pressed") == "true"
    assert find(driver, "#shown").text == "1 of 5 shown"
    find(driver, "button[data-value=create]").click()
    assert sorted(shown(driver)) == ["Gone", "Room"]
    find(driver, "#reset").click()
    assert len(shown(driver)) == 5


def test_buttons_filter_by_kind_and_by_who_moved(opened):
    driver = opened(report(report_of(plan()), PLAIN))
    find(driver, "button[data-value=SmartLiveRoom]").click()
    assert shown(driver) == ["Room"]
    find(driver, "#reset").click()
    find(driver, "button[data-value=drift]").click()
    assert shown(driver) == ["Group 0", "Group 1", "Group 2"]


def test_words_filter_by_everything_a_change_says(opened):
    driver = opened(report(report_of(plan()), PLAIN))
    find(driver, "#search").send_keys("F1")
    wait_for(lambda: shown(driver) == ["Group 1"])
    find(driver, "#search").send_keys("zzz")
    wait_for(lambda: shown(driver) == [])
    assert find(driver, "#nothing").is_displayed()


def test_environments_filter_by_list_and_by_chart(opened):
    driver = opened(report(report_of(plan("one"), plan("two", 5), Plan(environment="three"), command="audit"), PLAIN))
    row = find(driver, "button[data-env-row=two]")
    row.click()
    assert len(shown(driver)) == 7
    assert row.get_attribute("aria-pressed") == "true"
    assert find(driver, "#environment").get_property("value") == "two"
    assert not driver.execute_script("return [...document.querySelectorAll('main > .group')].every((g) => !g.hidden)")
    row.click()
    assert len(shown(driver)) == 12


def test_changes_fold_one_by_one_and_all_at_once(opened):
    driver = opened(report(report_of(plan(count=10)), PLAIN))

    def opens():
        return driver.execute_script("return document.querySelectorAll('.change[open]').length")

    assert opens() == 0
    find(driver, ".change summary").click()
    assert opens() == 1
    find(driver, "#open").click()
    assert opens() == 12
    find(driver, "#close").click()
    assert opens() == 0


def test_everything_works_from_the_keyboard(opened):
    from selenium.webdriver.common.keys import Keys

    driver = opened(report(report_of(plan(count=10)), PLAIN))

    def focused():
        return driver.execute_script(
            "return document.activeElement.closest('.change')?.querySelector('.name').lastChild.textContent.trim()"
        )

    press(driver, "j")
    assert focused() == "Group 0"
    press(driver, "j")
    assert focused() == "Group 1"
    press(driver, Keys.ENTER)
    assert driver.execute_script("return document.querySelectorAll('.change[open]').length") == 1
    press(driver, "k")
    assert focused() == "Group 0"
    press(driver, "/")
    press(driver, "room")
    wait_for(lambda: shown(driver) == ["Room"])
    press(driver, Keys.ESCAPE)
    assert len(shown(driver)) == 12
    press(driver, "e")
    assert driver.execute_script("return document.querySelectorAll('.change[open]').length") == 12


def test_the_first_tab_leads_past_the_filters(opened):
    from selenium.webdriver.common.keys import Keys

    driver = opened(report(report_of(plan()), PLAIN))
    press(driver, Keys.TAB)
    assert driver.execute_script("return document.activeElement.textContent") == "Skip to the changes"
    press(driver, Keys.ENTER)
    assert driver.execute_script("return document.activeElement.id") == "changes"


def test_controls_have_names_for_a_screen_reader(opened):
    driver = opened(report(report_of(plan("one"), plan("two"), command="audit"), PLAIN))
    tree = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "searchbox", "combobox", "checkbox", "link", "DisclosureTriangle"}
    controls = [node for node in tree if node.get("role", {}).get("value") in roles and not node.get("ignored")]
    assert len(controls) > 10
    assert all(node.get("name", {}).get("value", "").strip() for node in controls)


def test_print_opens_what_is_folded_and_folds_it_again(opened):
    driver = opened(report(report_of(plan(count=10)), PLAIN))
    printed = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    folded = base64.b64decode(
        driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True, "pageRanges": "1"})["data"]
    )
    assert printed.startswith(b"%PDF")
    assert pages >= 2
    assert len(printed) > len(folded)
    assert driver.execute_script("return document.querySelectorAll('.change[open]').length") == 0


def test_the_filters_are_not_printed(opened):
    driver = opened(report(report_of(plan()), PLAIN))
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert not find(driver, ".filters").is_displayed()
        assert driver.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def brightness(driver, what):
    color = driver.execute_script(f"return getComputedStyle(document.body).{what}")
    return sum(int(part) for part in re.findall(r"\d+", color)[:3])


def test_the_page_is_dark_where_the_reader_wants_it_dark(opened):
    driver = opened(report(report_of(plan()), PLAIN))
    assert brightness(driver, "backgroundColor") > brightness(driver, "color")
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    )
    try:
        assert brightness(driver, "backgroundColor") < brightness(driver, "color")
        find(driver, "#theme").click()
        assert find(driver, "#theme").text == "Theme: light"
        assert brightness(driver, "backgroundColor") > brightness(driver, "color")
        find(driver, "#theme").click()
        assert brightness(driver, "backgroundColor") < brightness(driver, "color")
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("dark", [False, True])
def test_text_has_enough_contrast(opened, dark):
    driver = opened(report(sample_plan(), PLAIN))
    scheme = "dark" if dark else "light"
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    try:
        assert driver.execute_script(CONTRAST) == []
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


CONTRAST = """
const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
const light = ([r, g, b]) => {
  const f = (v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
};
const under = (node) => {
  for (; node; node = node.parentElement) {
    const c = parse(getComputedStyle(node).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c;
  }
  return [255, 255, 255];
};
const poor = [];
for (const node of document.querySelectorAll("body *")) {
  const text = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
  if (!text || !node.checkVisibility() || node.closest(".zero, .sr, svg")) continue;
  const style = getComputedStyle(node);
  const pair = [light(parse(style.color)), light(under(node))].sort((a, b) => b - a);
  const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
  if (ratio < 4.5) poor.push(`${node.className || node.tagName}: ${ratio.toFixed(2)}`);
}
return poor;
"""


def test_nothing_scrolls_sideways_on_a_small_screen(browser, opened):
    small = {"width": 380, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", small)
    try:
        for made in (sample_plan(), sample_audit(), report_of(everything(), command="apply")):
            driver = opened(report(made, PLAIN))
            assert driver.execute_script("return document.documentElement.scrollWidth") <= 380
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("name", ["P006", "P007", "P008", "P010", "details", "comment end", "jinja", "lone surrogate"])
def test_hostile_data_does_nothing_in_a_browser(opened, name):
    driver = opened(report(hostile(nasty_texts()[name]), PLAIN).encode("utf-8", "replace").decode())
    assert driver.execute_script("return document.documentElement.dataset.ready") == "true"
    assert (
        driver.execute_script("return document.querySelectorAll('main script, main img, main iframe, main a').length")
        == 0
    )
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_ten_thousand_changes_can_be_filtered(opened):
    page = report(report_of(plan(count=10_000)), ReportOptions())
    started = time.perf_counter()
    driver = opened(page)
    loaded = time.perf_counter()
    find(driver, "#search").send_keys("9999")
    wait_for(lambda: shown(driver) == ["Group 9999"])
    print(f"10,000 changes: {loaded - started:.2f} s to open, {time.perf_counter() - loaded:.2f} s to filter")
    assert find(driver, "#shown").text == "1 of 10,002 shown"
