// Runs before the first paint: "auto" follows the system, without a flash. The user's own choice is in the HTML already.
(function () {
  "use strict";
  var root = document.documentElement;
  if (root.dataset.themeChoice !== "auto") return;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function follow() {
    root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
    root.dispatchEvent(new CustomEvent("huoju:theme", { bubbles: true }));
  }
  follow();
  dark.addEventListener("change", follow);
})();
