// The form editor. The page holds the fields as rows of inputs; every change is read into the hidden definition,
// which the preview shows and the server checks. Dragging is a comfort: buttons and arrow keys move rows as well.
document.addEventListener("alpine:init", function () {
  "use strict";

  function texts(scope) {
    var found = {};
    scope.querySelectorAll("[data-text]").forEach(function (input) { found[input.dataset.text] = input.value; });
    return found;
  }

  function options(area) {
    return area.value.split("\n").filter(function (line) { return line.trim(); }).map(function (line) {
      var parts = line.split("|").map(function (part) { return part.trim(); });
      return { label: { zh: parts[0] || "", en: parts[1] || "" }, value: parts[2] || "" };
    });
  }

  function field(row) {
    var read = { kind: row.dataset.kind, required: row.querySelector("[data-required]").checked };
    ["label", "placeholder"].forEach(function (part) {
      var scope = row.querySelector('[data-part="' + part + '"]');
      if (scope) read[part] = texts(scope);
    });
    var key = row.querySelector("[data-key]");
    if (key) read.key = key.value.trim();
    var area = row.querySelector("[data-options]");
    if (area) read.options = options(area);
    return read;
  }

  window.Alpine.data("formEditor", function () {
    return {
      editor: null,
      init: function () {
        var self = this;
        this.editor = this.$root; // Kept: a handler on a row that has just gone finds no root any more.
        if (window.Sortable) {
          window.Sortable.create(this.list(), {
            handle: "[data-handle]",
            draggable: "[data-row]",
            animation: 120,
            onEnd: function () { self.changed(); },
          });
        }
        document.querySelectorAll("[name=preview_language]").forEach(function (choice) {
          choice.addEventListener("change", function () { self.changed(); });
        });
        this.changed();
      },
      list: function () { return this.editor.querySelector("[data-rows]"); },
      rows: function () { return Array.from(this.list().children); },

      definition: function () {
        var root = this.editor;
        var read = { fields: this.rows().map(field), consents: [], redirect: root.querySelector("[data-redirect]").value };
        root.querySelectorAll("[data-consent]").forEach(function (box) {
          if (!box.querySelector("[data-asked]").checked) return;
          read.consents.push({
            purpose: box.dataset.consent,
            required: box.querySelector("[data-required]").checked,
            text: texts(box),
          });
        });
        ["title", "intro", "button", "success"].forEach(function (part) {
          read[part] = texts(root.querySelector('section [data-part="' + part + '"]'));
        });
        return read;
      },

      changed: function () {
        var root = this.editor;
        var kinds = this.rows().map(function (row) { return row.dataset.kind; });
        root.querySelectorAll("[data-once]").forEach(function (button) {
          button.disabled = kinds.indexOf(button.dataset.add) >= 0;
        });
        this.rows().forEach(function (row) {
          var label = texts(row.querySelector('[data-part="label"]'));
          var kind = row.querySelector("[data-kind-name]");
          row.querySelector("[data-shown]").textContent = label.zh || label.en || kind.textContent;
          kind.hidden = !(label.zh || label.en);
        });
        root.querySelector("[data-definition]").value = JSON.stringify(this.definition());
        document.body.dispatchEvent(new CustomEvent("definition-changed"));
      },

      say: function (what, more) {
        var element = this.editor.querySelector("[data-announce]");
        element.textContent = element.dataset[what] + (more ? " " + more : "");
      },

      add: function (event) {
        var kind = event.currentTarget.dataset.add;
        var row = document.getElementById("row-" + kind).content.firstElementChild.cloneNode(true);
        var key = row.querySelector("[data-key]");
        if (key) {
          var taken = this.rows().map(function (other) { return (other.querySelector("[data-key]") || {}).value; });
          var number = 1;
          while (taken.indexOf(kind + "_" + number) >= 0) number += 1;
          key.value = kind + "_" + number;
        }
        this.list().append(row);
        this.changed();
        this.say("added");
        row.querySelector("[data-text]").focus();
      },
      row: function (event) { return event.currentTarget.closest("[data-row]"); },
      toggle: function (event) {
        var body = this.row(event).querySelector("[data-body]");
        body.hidden = !body.hidden;
        event.currentTarget.setAttribute("aria-expanded", String(!body.hidden));
      },
      remove: function (event) {
        var row = this.row(event);
        var next = row.nextElementSibling || row.previousElementSibling;
        row.remove();
        this.changed();
        this.say("removed");
        if (next) next.querySelector("[data-handle]").focus();
      },
      move: function (event, distance) {
        var row = this.row(event);
        var other = distance < 0 ? row.previousElementSibling : row.nextElementSibling;
        if (!other) return;
        var focused = document.activeElement;
        if (distance < 0) other.before(row);
        else other.after(row);
        if (focused && row.contains(focused)) focused.focus();
        this.changed();
        this.say("moved", String(this.rows().indexOf(row) + 1));
      },
      up: function (event) { this.move(event, -1); },
      down: function (event) { this.move(event, 1); },
      key: function (event) {
        if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
        event.preventDefault();
        this.move(event, event.key === "ArrowUp" ? -1 : 1);
      },
    };
  });
});
