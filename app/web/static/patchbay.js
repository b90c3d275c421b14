/* The little that a page cannot do by itself: theme, local times, copying, asking back, filling a picker. */
(function () {
  "use strict";
  var root = document.documentElement;
  var kept = null;
  try { kept = localStorage.getItem("theme"); } catch (_) { /* private window */ }
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function localTimes(part) {
    part.querySelectorAll("time[datetime]").forEach(function (time) {
      var at = new Date(time.getAttribute("datetime"));
      if (isNaN(at)) return;
      time.title = at.toLocaleString();
      if (time.dataset.as === "clock") {
        time.textContent = at.toLocaleString(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
      }
    });
  }

  function say(button, words) {
    var label = button.querySelector("[data-label]") || button;
    var before = label.textContent;
    label.textContent = words;
    setTimeout(function () { label.textContent = before; }, 1800);
  }

  function copy(button) {
    var field = document.getElementById(button.dataset.copy);
    field.select();
    var done = function () { say(button, "Copied"); };
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(field.value).then(done, function () { document.execCommand("copy"); done(); });
    } else {
      document.execCommand("copy");
      done();
    }
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.copy) copy(button);
    if (button.dataset.theme !== undefined) {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch (_) { /* private window */ }
    }
    if (button.dataset.ask && !confirm(button.dataset.ask)) event.preventDefault();
  });

  /* Files that would be too much are told before they are sent. */
  document.addEventListener("change", function (event) {
    var input = event.target;
    if (!input.dataset || !input.dataset.most) return;
    var all = Array.prototype.reduce.call(input.files, function (sum, file) { return sum + file.size; }, 0);
    input.setCustomValidity(all > Number(input.dataset.most) ? "That is more than 50 MB. Send fewer files at once." : "");
    if (input.validationMessage) input.reportValidity();
  });

  /* A form is sent once, however often its button is clicked. */
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.hasAttribute("hx-get")) return;
    form.dataset.sent = "yes";
    setTimeout(function () { delete form.dataset.sent; }, 8000);
  });
  addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });

  document.addEventListener("DOMContentLoaded", function () { localTimes(document); });
  document.addEventListener("htmx:afterSettle", function (event) { localTimes(event.target); });
})();
