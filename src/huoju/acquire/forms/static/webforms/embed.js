// Puts a Huoju form into any page: <script async src="https://huoju.example/embed/SLUG.js"></script>
// The frame appears where the script stands, grows with its content, and learns the page's address and referrer.
(function () {
  "use strict";

  var script = document.currentScript;
  var here = new URL(script.src);
  var slug = here.pathname.split("/").pop().replace(/\.js$/, "");
  var base = here.href.slice(0, here.href.lastIndexOf("/embed/"));
  var language = script.dataset.lang || here.searchParams.get("lang") || document.documentElement.lang || "";

  var address = new URL(base + "/f/" + slug + "/embed/");
  address.searchParams.set("page", location.href.slice(0, 1500));
  if (document.referrer) address.searchParams.set("referrer", document.referrer.slice(0, 1500));
  if (script.dataset.visitor) address.searchParams.set("visitor_id", script.dataset.visitor);
  if (language) address.searchParams.set("lang", language.toLowerCase().indexOf("zh") === 0 ? "zh" : "en");

  var frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = script.dataset.title || "Form";
  frame.setAttribute("scrolling", "no");
  frame.style.cssText = "display:block;width:100%;height:600px;border:0;color-scheme:light";
  script.parentNode.insertBefore(frame, script);

  window.addEventListener("message", function (event) {
    if (event.source !== frame.contentWindow || event.origin !== address.origin) return;
    var message = event.data;
    if (!message || message.huoju !== "form") return;
    if (message.height > 0) frame.style.height = Math.min(message.height, 10000) + "px";
    if (!message.submitted) return;
    frame.scrollIntoView({ block: "nearest" });
    document.dispatchEvent(new CustomEvent("huoju:submitted", { detail: { form: slug } }));
    if (/^https?:\/\//.test(message.redirect || "")) {
      setTimeout(function () { location.assign(message.redirect); }, 1500);
    }
  });
})();
