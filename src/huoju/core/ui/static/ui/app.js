// The behaviour that every page shares. No inline handlers anywhere: elements say what they want in data attributes.
(function () {
  "use strict";

  var texts = function () { return document.getElementById("texts").dataset; };

  // --- Security: every htmx request carries the CSRF token -------------------------------------------------------
  document.addEventListener("htmx:config:request", function (event) {
    event.detail.ctx.request.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
  });

  // A session that ended answers a fragment with the login page: go there instead of swapping it in. But what somebody
  // has filled in must not go with it: then sign in beside it, and send again.
  var signedOut = false;
  var isLogin = function (response) {
    return response.redirected && new URL(response.url).pathname.indexOf("/accounts/login") === 0;
  };
  document.addEventListener("htmx:before:response", function (event) {
    var ctx = event.detail.ctx;
    if (!isLogin(ctx.response.raw)) return;
    event.preventDefault();
    if (ctx.request.method === "GET") {
      window.location.assign("/accounts/login/?next=" + encodeURIComponent(location.pathname + location.search));
      return;
    }
    signedOut = true;
    ask(texts().expired).then(function (yes) { if (yes) window.open("/accounts/login/", "_blank", "noopener"); });
  });
  window.addEventListener("focus", function () {
    if (!signedOut) return;
    fetch(location.href, { credentials: "same-origin" }).then(function (response) {
      return isLogin(response) ? "" : response.text();
    }).then(function (html) {
      if (!html || !signedOut) return;
      signedOut = false;
      var token = new DOMParser().parseFromString(html, "text/html").querySelector('meta[name="csrf-token"]').content;
      document.querySelector('meta[name="csrf-token"]').content = token;
      document.querySelectorAll('[name="csrfmiddlewaretoken"]').forEach(function (field) { field.value = token; });
      toast(texts().again, "success");
    });
  });

  // The second click of a double click sends nothing: not the same once more, nor the next case's button in its place.
  document.addEventListener("click", function (event) {
    if (event.detail < 2 || !event.target.closest("button:not([type=button]), [hx-post], [hx-delete]")) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // --- Toasts -----------------------------------------------------------------------------------------------------
  var post = function (url) {
    return fetch(url, {
      method: "POST",
      credentials: "same-origin",
      headers: {
        "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content,
        "HX-Request": "true",
      },
    });
  };

  function arm(element, seconds) {
    element.querySelector("[data-toast-close]").addEventListener("click", function () { element.remove(); });
    var timer = setTimeout(function () { element.remove(); }, seconds * 1000);
    element.addEventListener("mouseenter", function () { clearTimeout(timer); });
    element.addEventListener("focusin", function () { clearTimeout(timer); });
  }

  function toast(text, level, undo) {
    var element = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    element.classList.add("hj-toast-" + (level || "info"));
    element.querySelector(".hj-toast-text").textContent = text;
    var button = element.querySelector(".hj-toast-undo");
    if (undo) {
      button.hidden = false;
      button.addEventListener("click", function () {
        button.disabled = true;
        post(undo).then(function (response) {
          element.remove();
          if (response.ok) window.location.reload();
          else toast(texts().failed, "danger");
        });
      });
    }
    document.getElementById("toasts").append(element);
    arm(element, undo ? 15 : level === "danger" ? 10 : 6);
  }

  document.addEventListener("toast", function (event) {
    toast(event.detail.text, event.detail.level, event.detail.undo);
  });
  document.addEventListener("htmx:response:error", function (event) {
    var status = event.detail.ctx.response.status;
    if (status === 422 || status === 400 || status === 409) return; // The answer itself says what is wrong.
    var known = { 403: "forbidden", 404: "missing", 413: "large", 429: "busy" };
    toast(texts()[known[status] || "failed"], "danger");
  });
  document.addEventListener("htmx:error", function (event) {
    if (event.detail.error && event.detail.error.name === "AbortError") return;
    toast(texts().offline, "danger");
  });

  // --- Confirmation: our own dialog, for htmx (hx-confirm) and for plain forms (data-confirm) -----------------------
  function ask(question, danger) {
    var dialog = document.getElementById("confirm-dialog");
    document.getElementById("confirm-text").textContent = question;
    var yes = dialog.querySelector('[value="yes"]');
    yes.classList.toggle("btn-danger", Boolean(danger));
    yes.classList.toggle("btn-primary", !danger);
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise(function (resolve) {
      dialog.addEventListener("close", function () { resolve(dialog.returnValue === "yes"); }, { once: true });
    });
  }
  document.addEventListener("htmx:confirm", function (event) {
    var ctx = event.detail.ctx;
    if (!ctx.confirm) return;
    event.preventDefault();
    ask(ctx.confirm, ctx.sourceElement.matches("[data-danger]")).then(function (yes) {
      if (yes) event.detail.issueRequest();
      else event.detail.dropRequest();
    });
  });
  document.addEventListener("submit", function (event) {
    var form = event.target;
    var asker = event.submitter && event.submitter.dataset.confirm ? event.submitter : form;
    if (!asker.dataset.confirm || form.dataset.confirmed) return;
    event.preventDefault();
    ask(asker.dataset.confirm, "danger" in asker.dataset).then(function (yes) {
      if (!yes) return;
      form.dataset.confirmed = "1";
      form.requestSubmit(event.submitter);
      delete form.dataset.confirmed;
    });
  });

  // --- Dialogs: data-open-dialog="#id" opens, data-close-dialog closes; HX-Trigger close-dialog closes all ----------
  document.addEventListener("click", function (event) {
    var opener = event.target.closest("[data-open-dialog]");
    if (opener) document.querySelector(opener.dataset.openDialog).showModal();
    var closer = event.target.closest("[data-close-dialog]");
    if (closer) closer.closest("dialog").close();
    var copier = event.target.closest("[data-copy]");
    if (copier) {
      var source = document.querySelector(copier.dataset.copy);
      navigator.clipboard.writeText("value" in source ? source.value : source.textContent).then(function () {
        toast(texts().copied, "success");
      });
    }
  });
  document.addEventListener("close-dialog", function () {
    document.querySelectorAll("dialog[open]").forEach(function (dialog) { dialog.close(); });
  });

  // --- Rows that open their record: data-href; links, buttons and boxes inside keep working -------------------------
  document.addEventListener("click", function (event) {
    var row = event.target.closest("[data-href]");
    if (!row || event.target.closest("a, button, input, label, select, textarea, summary")) return;
    if (String(window.getSelection())) return;
    if (event.metaKey || event.ctrlKey) window.open(row.dataset.href, "_blank", "noopener");
    else window.location.assign(row.dataset.href);
  });

  // --- Lists: the state is the address ------------------------------------------------------------------------------
  // Chips empty the filter's inputs and let the form ask again, so that form and address never disagree.
  document.addEventListener("click", function (event) {
    var chip = event.target.closest("[data-clear]");
    if (!chip) return;
    var form = document.getElementById("list-filters");
    chip.dataset.clear.split(" ").forEach(function (name) {
      Array.prototype.forEach.call(form.querySelectorAll('[name="' + CSS.escape(name) + '"]'), function (field) {
        if (field.type === "checkbox" || field.type === "radio") field.checked = false;
        else if (field.multiple) Array.prototype.forEach.call(field.options, function (option) { option.selected = false; });
        else field.value = "";
      });
    });
    form.requestSubmit();
  });
  document.addEventListener("input", function (event) {
    var search = event.target.closest("[data-options-search]");
    if (!search) return;
    // The box narrows the choices; it is no filter itself and must not make the list ask again.
    event.stopPropagation();
    var wanted = search.value.trim().toLowerCase();
    search.closest("[data-options]").querySelectorAll(".form-check").forEach(function (option) {
      option.hidden = wanted !== "" && option.textContent.toLowerCase().indexOf(wanted) < 0;
    });
  }, true);
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-with-query]");
    if (!link) return;
    var query = new URLSearchParams(window.location.search);
    new URL(link.getAttribute("href"), window.location.href).searchParams.forEach(function (value, name) { query.set(name, value); });
    link.href = window.location.pathname + "?" + query;
  });
  document.addEventListener("submit", function (event) {
    if (event.target.matches("[data-fill-query]")) event.target.elements.query.value = window.location.search;
  });

  // --- Selects that submit their form: data-submit-on-change -------------------------------------------------------
  document.addEventListener("change", function (event) {
    var field = event.target.closest("[data-submit-on-change]");
    if (field && field.form) field.form.requestSubmit();
  });

  // --- What scrolls sideways can be reached and scrolled by keyboard -------------------------------------------------
  function reachable() {
    document.querySelectorAll(".hj-table-scroll, .table-responsive, .hj-path, .hj-code, [data-scrolls]").forEach(function (box) {
      var scrolls = box.scrollWidth > box.clientWidth + 1;
      if (scrolls && !box.hasAttribute("tabindex")) {
        box.tabIndex = 0;
        box.dataset.reachable = "";
      } else if (!scrolls && "reachable" in box.dataset) {
        box.removeAttribute("tabindex");
        delete box.dataset.reachable;
      }
    });
  }
  // On a phone a lead's path is wider than the window: what it shows first is where the lead stands.
  document.querySelectorAll(".hj-path-now").forEach(function (step) {
    var path = step.parentElement;
    path.scrollLeft = step.offsetLeft - path.offsetLeft - (path.clientWidth - step.clientWidth) / 2;
  });
  document.addEventListener("htmx:after:swap", reachable);
  window.addEventListener("resize", reachable);
  window.addEventListener("load", reachable);
  reachable();

  // --- Keys: data-focus-key="/" takes the focus, data-hotkey="a" is clicked ----------------------------------------
  var typing = function (element) {
    return element.closest && element.closest("input, textarea, select, [contenteditable], dialog[open]");
  };
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && document.activeElement.matches("[data-focus-key]")) document.activeElement.blur();
    if (event.repeat || typing(event.target)) return;
    var key = CSS.escape(event.key);
    var focus = document.querySelector('[data-focus-key="' + key + '"]');
    if (focus) {
      event.preventDefault();
      focus.focus();
      focus.select();
      return;
    }
    var button = Array.prototype.find.call(
      document.querySelectorAll('[data-hotkey="' + key + '"]'),
      function (element) { return !element.disabled && element.offsetParent !== null; }
    );
    if (button) {
      event.preventDefault();
      // Pressed again while the first is under way, or while the next case comes: as with a double click, once counts.
      if ((button.form || button).matches(".htmx-request") || document.querySelector("[data-case].htmx-request")) return;
      button.click();
    }
  });

  // --- Alpine components (CSP build: names here, property paths in the templates) ----------------------------------
  document.addEventListener("alpine:init", function () {
    var Alpine = window.Alpine;

    // List: which rows are ticked. `matching` means all rows of the filter, not only this page.
    Alpine.data("selection", function () {
      return {
        count: 0,
        matching: false,
        boxes: function () { return Array.from(this.$root.querySelectorAll("[data-row-box]")); },
        get any() { return this.count > 0; },
        get matchingText() { return this.matching ? "1" : ""; },
        get whole() { return this.count > 0 && this.count === this.boxes().length && !this.matching; },
        refresh: function () {
          this.count = this.boxes().filter(function (box) { return box.checked; }).length;
          if (this.count < this.boxes().length) this.matching = false;
          var all = this.$root.querySelector("[data-all-box]");
          if (all) {
            all.checked = this.count > 0 && this.count === this.boxes().length;
            all.indeterminate = this.count > 0 && !all.checked;
          }
        },
        toggle: function (event) {
          var checked = event.target.checked;
          this.boxes().forEach(function (box) { box.checked = checked; });
          this.refresh();
        },
        take: function () { this.matching = true; },
        clear: function () {
          this.boxes().forEach(function (box) { box.checked = false; });
          this.matching = false;
          this.refresh();
        },
      };
    });

    // Inbox: j and k walk, Enter opens, the open case is drawn on the right.
    Alpine.data("inbox", function () {
      return {
        cases: function () { return Array.from(this.$root.querySelectorAll("[data-case]")); },
        current: function () { return this.cases().findIndex(function (item) { return item.matches("[aria-current]"); }); },
        mark: function (item) {
          this.cases().forEach(function (other) { other.removeAttribute("aria-current"); });
          item.setAttribute("aria-current", "true");
          item.scrollIntoView({ block: "nearest" });
        },
        pick: function (event) { this.mark(event.currentTarget); },
        step: function (distance) {
          var cases = this.cases();
          if (!cases.length) return;
          var next = Math.min(cases.length - 1, Math.max(0, this.current() + distance));
          cases[next].click();
        },
        key: function (event) {
          if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
          if (event.key === "j" || event.key === "k") {
            event.preventDefault();
            this.step(event.key === "j" ? 1 : -1);
          }
        },
        done: function () {
          var cases = this.cases();
          var index = Math.max(0, this.current());
          if (cases[index]) cases[index].remove();
          var left = this.cases();
          if (left.length) left[Math.min(index, left.length - 1)].click();
          else window.location.reload();
        },
      };
    });

    // Board: cards are dragged between columns; the server has the last word.
    Alpine.data("board", function () {
      return {
        init: function () {
          var root = this.$root;
          if (!window.Sortable) return;
          root.querySelectorAll("[data-column]").forEach(function (column) {
            window.Sortable.create(column, {
              group: root.id || "board",
              draggable: "[data-card]",
              animation: 120,
              ghostClass: "hj-card-ghost",
              delay: 120,
              delayOnTouchOnly: true,
              onEnd: function (event) {
                if (event.from === event.to) return;
                var back = function () { event.from.insertBefore(event.item, event.from.children[event.oldIndex] || null); };
                window.htmx.ajax("POST", event.item.dataset.card, {
                  source: event.item,
                  target: "#" + root.dataset.refresh,
                  swap: "outerHTML",
                  values: { to: event.to.dataset.column },
                }).then(function () {}, back);
              },
            });
          });
        },
      };
    });

    // A field that shows what it holds only on demand (an API key, a password made for somebody).
    Alpine.data("reveal", function () {
      return {
        open: false,
        get type() { return this.open ? "text" : "password"; },
        get pressed() { return this.open ? "true" : "false"; },
        flip: function () { this.open = !this.open; },
      };
    });
  });

  document.querySelectorAll("[data-toast]").forEach(function (element) { arm(element, 8); });
})();
