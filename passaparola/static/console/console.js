// Makes the pages pleasant; every page works without it.
(function () {
  "use strict";
  var root = document.documentElement;

  // Theme: system, light, dark. The button is a form; here it takes effect without a reload.
  document.addEventListener("submit", function (event) {
    var form = event.target.closest("form[data-theme]");
    if (!form) return;
    event.preventDefault();
    var choice = event.submitter ? event.submitter.value : "system";
    fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)) });
    var dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.bsTheme = choice === "system" ? (dark ? "dark" : "light") : choice;
    form.querySelectorAll("button").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button.value === choice));
    });
  });

  // Copy buttons: <button data-copy="#id">; the word on the button answers.
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button) return;
    var source = document.querySelector(button.dataset.copy);
    if (!source || !navigator.clipboard) return;
    navigator.clipboard.writeText(source.value !== undefined ? source.value : source.textContent).then(function () {
      var word = button.querySelector("[data-word]") || button;
      var before = word.textContent;
      word.textContent = button.dataset.copied;
      setTimeout(function () { word.textContent = before; }, 1600);
    });
  });

  // Menus made of <details class="menu"> close on Escape and on a click elsewhere.
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  // Filters that submit themselves when changed.
  document.addEventListener("change", function (event) {
    var form = event.target.closest("form[data-submit-on-change]");
    if (form) form.requestSubmit();
  });

  // Ctrl-K: a combobox after the WAI-ARIA pattern; htmx fills the list, we move through it.
  var dialog = document.getElementById("search-dialog");
  var typing = function (target) {
    return target.closest("input, textarea, select, [contenteditable]");
  };
  if (dialog) {
    var input = dialog.querySelector("input");
    var list = dialog.querySelector("[role=listbox]");
    var open = function () {
      dialog.showModal();
      input.select();
    };
    document.addEventListener("click", function (event) {
      var opener = event.target.closest("[data-search]");
      if (!opener) return;
      event.preventDefault();
      open();
    });
    document.addEventListener("keydown", function (event) {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        if (dialog.open) dialog.close(); else open();
      } else if (event.key === "/" && !typing(event.target) && !dialog.open) {
        event.preventDefault();
        open();
      }
    });
    dialog.addEventListener("click", function (event) { if (event.target === dialog) dialog.close(); });
    var options = function () { return Array.from(list.querySelectorAll("[role=option]")); };
    var choose = function (option) {
      options().forEach(function (one) { one.setAttribute("aria-selected", String(one === option)); });
      if (option) {
        input.setAttribute("aria-activedescendant", option.id);
        option.scrollIntoView({ block: "nearest" });
      } else input.removeAttribute("aria-activedescendant");
    };
    input.addEventListener("keydown", function (event) {
      var all = options();
      var at = all.findIndex(function (one) { return one.getAttribute("aria-selected") === "true"; });
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (!all.length) return;
        var step = event.key === "ArrowDown" ? 1 : -1;
        choose(all[(at + step + all.length) % all.length]);
      } else if (event.key === "Enter") {
        event.preventDefault();
        var target = all[at] || all[0];
        if (target) window.location.href = target.dataset.href;
      }
    });
    list.addEventListener("click", function (event) {
      var option = event.target.closest("[role=option]");
      if (option) window.location.href = option.dataset.href;
    });
    document.body.addEventListener("htmx:afterSwap", function (event) {
      if (event.target !== list) return;
      input.setAttribute("aria-expanded", String(options().length > 0));
      choose(options()[0]);
    });
  }

  // g then a letter goes to a page; never while typing.
  var waiting = 0;
  document.addEventListener("keydown", function (event) {
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "g") { waiting = Date.now(); return; }
    if (Date.now() - waiting > 1200) return;
    var link = document.querySelector('nav a[data-key="' + CSS.escape(event.key) + '"]');
    waiting = 0;
    if (link) link.click();
  });

  // The builder is drawn again while somebody types on: what was typed since the request went out is not lost.
  var typed = function (form) {
    var found = {};
    form.querySelectorAll("input[type=text], input[type=date], input[type=datetime-local], textarea, select").forEach(function (field) {
      if (field.id) found[field.id] = field.value;
    });
    return found;
  };
  var sent = null;
  var since = {};
  // The button that had the focus when the rule was drawn again: htmx finds a field by its id, these have none.
  var pressed = null;
  document.body.addEventListener("htmx:beforeRequest", function (event) {
    var builder = document.getElementById("segment-form");
    var target = event.detail.target;
    // Only where the fields stay as they are: a button may have moved them.
    sent = builder && target && target.id === "rule" && event.detail.elt.tagName !== "BUTTON" ? typed(builder) : null;
  });
  document.body.addEventListener("htmx:beforeSwap", function (event) {
    since = {};
    var active = document.activeElement;
    pressed = event.detail.target.id === "rule" && active && active.closest("#rule button") ? active.value : null;
    if (!sent || event.detail.target.id !== "rule") return;
    var now = typed(document.getElementById("segment-form"));
    Object.keys(now).forEach(function (id) { if (sent[id] !== undefined && sent[id] !== now[id]) since[id] = now[id]; });
  });
  document.body.addEventListener("htmx:afterSettle", function () {
    Object.keys(since).forEach(function (id) {
      var field = document.getElementById(id);
      if (!field) return;
      field.value = since[id];
      // What asks for other fields than were drawn asks again.
      if (field.hasAttribute("hx-post")) field.dispatchEvent(new Event("change", { bubbles: true }));
    });
    since = {};
    if (pressed && document.activeElement === document.body) {
      var again = document.querySelector('#rule button[value="' + CSS.escape(pressed) + '"]');
      if (again) again.focus();
    }
    pressed = null;
  });

  // What went wrong between us and the server is said, not swallowed.
  document.body.addEventListener("htmx:responseError", function () { root.classList.add("is-unreachable"); });
  document.body.addEventListener("htmx:sendError", function () { root.classList.add("is-unreachable"); });
  document.body.addEventListener("htmx:afterOnLoad", function () { root.classList.remove("is-unreachable"); });
})();
