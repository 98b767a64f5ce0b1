// Comfort on the public form; everything works without it. In a frame it also tells the page around its height.
(function () {
  "use strict";

  document.querySelectorAll("form[data-wf]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      var button = form.querySelector("button[type=submit]");
      if (button.getAttribute("aria-busy") === "true") event.preventDefault();
      button.setAttribute("aria-busy", "true");
    });
  });
  // Coming back by the browser's button shows the form as it was left: let it be sent again.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("[aria-busy]").forEach(function (button) { button.removeAttribute("aria-busy"); });
  });

  var wrong = document.querySelector("[aria-invalid=true]") || document.querySelector("[data-focus]");
  if (wrong) wrong.focus();

  if (!("embedded" in document.body.dataset) || window.parent === window) return;
  var tell = function (message) {
    message.huoju = "form";
    window.parent.postMessage(message, "*"); // Only sizes and the form's own public address: nothing personal.
  };
  var page = document.querySelector(".wf-page");
  new ResizeObserver(function () { tell({ height: Math.ceil(page.getBoundingClientRect().height) }); }).observe(page);
  if ("submitted" in document.body.dataset) tell({ submitted: true, redirect: document.body.dataset.submitted });
})();
