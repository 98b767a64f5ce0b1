// The days of a custom range appear, and are sent, only while that range is chosen.
(function () {
  "use strict";
  document.addEventListener("change", function (event) {
    if (!event.target.matches("[data-range]")) return;
    var days = event.target.form.querySelector("[data-range-days]");
    var custom = event.target.value === "custom";
    days.hidden = !custom;
    days.querySelectorAll("input").forEach(function (input) { input.disabled = !custom; });
  }, true);
})();
