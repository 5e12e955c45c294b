"""The documentation as a site: it builds without a warning, has every page, and loads nothing from another host."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from tests.support.browser import chromium
from tests.support.command_line import ROOT
from tests.support.pictures import serving

CONFIG = ROOT / "docs/site/mkdocs.yml"
CDN = re.compile(r"unpkg\.com|jsdelivr|cdnjs|googleapis|gstatic|polyfill\.io")
LOADING = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "use": "href"}


def build(site, *, config=CONFIG):
    """Build the site as `make docs` does."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(site)]
    kept = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, env=kept, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = build(folder)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


class Loaded(HTMLParser):
    """What a page loads, apart from where its links lead."""

    def __init__(self):
        super().__init__()
        self.urls = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "link" and values.get("rel") in ("canonical", "next", "prev"):
            return
        if tag in LOADING and values.get(LOADING[tag]):
            self.urls.append(values[LOADING[tag]])
        self.urls += re.findall(r"url\(([^)]*)\)", values.get("style") or "")


def is_elsewhere(url):
    return url.strip("'\" ").startswith(("http:", "https:", "//"))


def test_nothing_is_loaded_from_another_host(site):
    found = {}
    for page in site.rglob("*.html"):
        loaded = Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.urls
        found[page.name] = [url for url in loaded.urls if is_elsewhere(url)]
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        found[sheet.name] = [
            url for url in re.findall(r"url\(([^)]*)\)|@import +([^;]*)", text) if is_elsewhere(url[0])
        ]
    assert {name: urls for name, urls in found.items() if urls} == {}
    scripts = list(site.rglob("*.js"))
    assert scripts
    assert [path.name for path in scripts if CDN.search(path.read_text(encoding="utf-8"))] == []


def test_every_page_is_in_the_site_and_in_its_navigation(site):
    home = (site / "index.html").read_text(encoding="utf-8")
    led = set(re.findall(r'<a href="([^"#]*)" class="md-nav__link', home))
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").with_suffix("").as_posix()
        place = re.sub(r"(^|/)(README|index)$", r"\1", name).rstrip("/")
        assert (site / place / "index.html").is_file(), name
        assert f"{place}/" in led or place == "", f"{name} is in no folder of SECTIONS in docs/site/site_hooks.py"


def test_a_link_to_nothing_fails(tmp_path):
    """The build is strict about links into the repository too."""
    (tmp_path / "docs/site").mkdir(parents=True)
    for name in ("mkdocs.yml", "site_hooks.py"):
        (tmp_path / "docs/site" / name).write_bytes((CONFIG.parent / name).read_bytes())
    (tmp_path / "docs/images").mkdir()
    (tmp_path / "docs/images/site.css").write_text("")
    for name in ("SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "one.yml"):
        (tmp_path / name).write_text("# One\n")
    (tmp_path / "docs/index.md").write_text("# Home\n\n[one](../one.yml)\n")
    config = tmp_path / "docs/site/mkdocs.yml"
    done = build(tmp_path / "site", config=config)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site/repository/one.yml").is_file()
    (tmp_path / "docs/index.md").write_text("# Home\n\n[two](../two.yml)\n")
    done = build(tmp_path / "site", config=config)
    assert done.returncode == 1
    assert "two.yml" in done.stderr


@pytest.fixture
def address(site):
    with serving(site) as found:
        yield found


@pytest.mark.browser
def test_the_site_in_a_browser(address, tmp_path):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    with chromium(tmp_path / "profile") as driver:
        driver.get(address)
        assert driver.find_element(By.TAG_NAME, "h1").text.startswith("reconciler")
        pictures = driver.find_elements(By.CSS_SELECTOR, "article img")
        assert pictures
        assert all(driver.execute_script("return arguments[0].naturalWidth", one) for one in pictures)
        before = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        driver.find_element(By.CSS_SELECTOR, "label[title=Dark], label[title=Light]").click()
        after = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert before != after
        for words, place in (("guards", "concepts/prune"), ("RECONCILER_DIGEST_KEY", "reference/variables")):
            driver.get(f"{address}?q={words}")
            found = WebDriverWait(driver, 30).until(
                lambda d: d.find_elements(By.CSS_SELECTOR, ".md-search-result__item a")
            )
            assert any(place in one.get_attribute("href") for one in found), words
        loaded = driver.execute_script("return performance.getEntriesByType('resource').map(one => one.name)")
        assert loaded
        assert [url for url in loaded if not url.startswith((address, "data:", "blob:"))] == []
        severe = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
        assert severe == []
