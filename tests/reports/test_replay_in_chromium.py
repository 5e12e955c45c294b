"""The page of a replay in a real browser: charts with names, no text of viewers, nothing wider than a telephone."""

import pytest

from tests.support.browser import chromium
from tests.support.rules_picture import replayed_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    page = replayed_page(tmp_path_factory.mktemp("replay"), count=200)
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        driver.get_log("browser")
        driver.get(page.as_uri())
        yield driver
        said = [one for one in driver.get_log("browser") if not one["message"].startswith("chrome://")]
        assert said == []  # no rule of the policy was broken


def test_the_chart_over_time_has_a_name_and_a_description(opened):
    from selenium.webdriver.common.by import By

    (chart,) = opened.find_elements(By.CSS_SELECTOR, ".plot svg")
    assert chart.accessible_name.startswith("When it differs")
    assert "200 events over" in chart.accessible_name
    assert len(chart.find_elements(By.CSS_SELECTOR, "rect")) > 60


def test_each_rule_has_a_bar_before_and_one_after(opened):
    rows = opened.execute_script("return [...document.querySelectorAll('.drawing .row')].map((row) => row.innerText)")
    assert any(row.startswith("price of Jasmine") for row in rows)
    assert opened.execute_script("return document.querySelectorAll('.drawing .row.twin').length") == 3


def test_no_text_of_a_viewer_is_on_the_page(opened):
    assert "茉莉" not in opened.page_source
    assert "hello" not in opened.page_source


@pytest.mark.parametrize("width", [400, 1200])
def test_the_page_is_no_wider_than_the_window(opened, width):
    opened.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    assert opened.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bars_are_told_from_the_paper_in_both_themes(opened, theme):
    media = {"features": [{"name": "prefers-color-scheme", "value": theme}]}
    opened.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    style = "getComputedStyle(document.querySelector('{}')).{}"
    bar = opened.execute_script("return " + style.format(".plot rect.fill-update", "fill"))
    paper = opened.execute_script("return " + style.format("body", "backgroundColor"))
    assert bar != paper
    assert ("rgb(147, 91, 0)" in bar) == (theme == "light")
