// Filters, folding, keys, theme. The page reads whole without it; nothing here makes text or markup.
"use strict";
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const changes = all(".change");
  const groups = all(".group").reverse(); // inner groups first: the outer ones count them
  const search = one("#search");
  const shown = one("#shown");
  const environment = one("#environment");
  const buttons = all("button[data-filter]");
  const texts = new WeakMap();

  const textOf = (change) => {
    if (!texts.has(change)) texts.set(change, change.textContent.toLowerCase());
    return texts.get(change);
  };

  const pressed = (name) =>
    new Set(buttons.filter((b) => b.dataset.filter === name && b.ariaPressed === "true").map((b) => b.dataset.value));

  const wanted = () => ({
    action: pressed("action"),
    kind: pressed("kind"),
    marks: pressed("marks"),
    environment: environment && environment.value,
    words: search ? search.value.toLowerCase().split(/\s+/).filter(Boolean) : [],
  });

  const fits = (change, want) => {
    const { action, kind, marks, env } = change.dataset;
    if (want.action.size && !want.action.has(action)) return false;
    if (want.kind.size && !want.kind.has(kind)) return false;
    if (want.marks.size && !marks.split(" ").some((mark) => want.marks.has(mark))) return false;
    if (want.environment && want.environment !== env) return false;
    return want.words.every((word) => textOf(change).includes(word));
  };

  const filter = () => {
    const want = wanted();
    let count = 0;
    for (const change of changes) {
      const fit = fits(change, want);
      if (change.hidden === fit) change.hidden = !fit;
      if (fit) count += 1;
    }
    for (const group of groups) group.hidden = !group.querySelector(".change:not([hidden])");
    for (const row of all("button[data-env-row]")) row.ariaPressed = String(row.dataset.envRow === want.environment);
    const nothing = one("#nothing");
    if (nothing) nothing.hidden = count > 0;
    if (shown) shown.textContent = `${count.toLocaleString("en")} of ${changes.length.toLocaleString("en")} shown`;
  };

  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 90);
  };

  const fold = (open) => {
    for (const change of changes) if (!change.hidden) change.open = open;
  };

  const reset = () => {
    for (const button of buttons) button.ariaPressed = "false";
    if (environment) environment.value = "";
    if (search) search.value = "";
    filter();
  };

  const step = (by) => {
    const visible = changes.filter((change) => !change.hidden);
    if (!visible.length) return;
    const at = visible.findIndex((change) => change.contains(document.activeElement));
    const next = visible[at < 0 ? (by > 0 ? 0 : visible.length - 1) : Math.min(visible.length - 1, Math.max(0, at + by))];
    next.firstElementChild.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  const themes = ["auto", "light", "dark"];
  const theme = one("#theme");
  const dress = () => {
    const next = themes[(themes.indexOf(document.documentElement.dataset.theme || "auto") + 1) % themes.length];
    document.documentElement.dataset.theme = next;
    theme.textContent = `Theme: ${next}`;
  };

  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.ariaPressed = String(button.ariaPressed !== "true");
      filter();
    });
  }
  for (const row of all("button[data-env-row]")) {
    row.addEventListener("click", () => {
      environment.value = environment.value === row.dataset.envRow ? "" : row.dataset.envRow;
      filter();
    });
  }
  const copied = async (button) => {
    const code = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch { // no permission, or a page from a file: select it, so that the copy command of the browser takes it
      const range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      document.execCommand("copy");
    }
    button.dataset.copied = "true";
    button.textContent = "copied";
    setTimeout(() => (button.textContent = "copy accept command"), 2000);
  };
  for (const button of all("button.copy")) button.addEventListener("click", () => copied(button));

  if (search) search.addEventListener("input", soon);
  if (environment) environment.addEventListener("change", filter);
  if (theme) theme.addEventListener("click", dress);
  for (const [id, act] of [["open", () => fold(true)], ["close", () => fold(false)], ["reset", reset]]) {
    const button = one(`#${id}`);
    if (button) button.addEventListener("click", act);
  }

  const keys = { j: () => step(1), k: () => step(-1), e: () => fold(true), c: () => fold(false), "/": () => search && search.focus() };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "Escape" && event.target === search) {
      search.value = "";
      filter();
      search.blur();
    } else if (!typing && keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });

  document.documentElement.dataset.ready = "true";
})();
