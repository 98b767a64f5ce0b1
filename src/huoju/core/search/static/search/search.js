// The list under the search box: arrow keys walk it, Enter opens, Escape or a click elsewhere closes.
(function () {
  "use strict";
  var box = document.getElementById("global-search");
  var list = document.getElementById("search-suggest");
  if (!box || !list) return;
  var at = -1;

  function hits() { return list.querySelectorAll("[role=option]"); }
  function close() { list.replaceChildren(); mark(-1); }
  function mark(index) {
    at = index;
    hits().forEach(function (hit, number) {
      hit.setAttribute("aria-selected", number === at ? "true" : "false");
      if (number === at) hit.scrollIntoView({ block: "nearest" });
    });
    box.setAttribute("aria-expanded", hits().length ? "true" : "false");
    if (at >= 0) box.setAttribute("aria-activedescendant", hits()[at].id);
    else box.removeAttribute("aria-activedescendant");
  }

  box.addEventListener("keydown", function (event) {
    if (event.isComposing) return;
    var count = hits().length;
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown" && count) { event.preventDefault(); mark((at + 1) % count); }
    else if (event.key === "ArrowUp" && count) { event.preventDefault(); mark((at + count - 1) % count); }
    else if (event.key === "Enter" && at >= 0 && at < count) { event.preventDefault(); hits()[at].click(); }
  });
  box.addEventListener("input", function () { if (!box.value.trim()) close(); });
  document.addEventListener("click", function (event) { if (!event.target.closest(".hj-search")) close(); });
  document.addEventListener("htmx:after:swap", function () { if (document.activeElement === box) mark(-1); });
})();
