// The editor of segments. The definition is a tree of plain objects; the page is drawn from it, and every change is
// written into the JSON field, which the preview counts and the server checks. "None of these" is a `not` around an `any`.
document.addEventListener("alpine:init", function () {
  "use strict";

  function data(id) { return JSON.parse(document.getElementById(id).textContent); }

  function make(tag, attributes, children) {
    var element = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (name) {
      if (name === "on") Object.keys(attributes.on).forEach(function (event) { element.addEventListener(event, attributes.on[event]); });
      else if (name in element && name !== "list") element[name] = attributes[name];
      else element.setAttribute(name, attributes[name]);
    });
    (children || []).forEach(function (child) {
      if (child) element.append(child);
    });
    return element;
  }

  window.Alpine.data("segmentEditor", function () {
    var known, text, tree, root;

    // --- the definition as groups and rows, and back ---------------------------------------------------------------

    function opened(node) {
      if (node.type === "all" || node.type === "any") return { type: node.type, of: node.of.map(opened) };
      if (node.type === "not") {
        var inner = node.of.type === "any" ? node.of.of : [node.of];
        return { type: "none", of: inner.map(opened) };
      }
      return JSON.parse(JSON.stringify(node));
    }

    function closed(node) {
      if (node.type === "none") return { type: "not", of: { type: "any", of: node.of.map(closed) } };
      if (node.of) return { type: node.type, of: node.of.map(closed) };
      return node;
    }

    function definition() { return { version: 1, where: closed(tree) }; }

    function changed() {
      root.querySelector("[name=definition]").value = JSON.stringify(definition(), null, 2);
      document.body.dispatchEvent(new CustomEvent("segment-changed"));
    }

    function controls(row) { return row ? Array.from(row.querySelectorAll("select, input, button")) : []; }

    // Who works by keyboard stays in the row: at the button `named`, else at what stands where they were.
    function redraw(focus, named) {
      var place = root.querySelector("[data-tree]");
      var selector = '[data-key="' + focus + '"]';
      var at = controls(place.querySelector(selector)).indexOf(document.activeElement);
      place.replaceChildren(group(tree, null));
      changed();
      if (!focus) return;
      var after = controls(place.querySelector(selector));
      var same = after.filter(function (control) { return named && control.getAttribute("aria-label") === named; });
      var target = same.pop() || after[Math.min(Math.max(at, 0), after.length - 1)];
      if (target) target.focus();
    }

    function say(what) { root.querySelector("[data-announce]").textContent = text[what]; }

    // --- small parts -------------------------------------------------------------------------------------------------

    function select(label, options, value, change) {
      var box = make("select", { className: "form-select form-select-sm", "aria-label": label, on: { change: function () { change(box.value); } } });
      var groups = {};
      // A value that is offered no more is shown as it is, so that nobody saves what they do not see.
      var gone = value !== "" && value !== undefined && value !== null && !options.some(function (option) { return String(option[0]) === String(value); });
      (gone ? [[value, String(value)]] : []).concat(options).forEach(function (option) {
        var into = box;
        if (option[2]) {
          if (!groups[option[2]]) { groups[option[2]] = make("optgroup", { label: option[2] }); box.append(groups[option[2]]); }
          into = groups[option[2]];
        }
        into.append(make("option", { value: option[0], selected: String(option[0]) === String(value), textContent: option[1] }));
      });
      return box;
    }

    function input(label, type, value, change) {
      var box = make("input", { className: "form-control form-control-sm", type: type, "aria-label": label, value: value === undefined || value === null ? "" : value });
      if (type === "number") box.step = "any";
      box.addEventListener("input", function () { change(box.value); changed(); });
      return box;
    }

    function small(icon, label, action) {
      return make("button", { type: "button", className: "btn btn-sm btn-ghost", title: label, "aria-label": label, on: { click: action } },
        [make("i", { className: "ti ti-" + icon, "aria-hidden": "true" })]);
    }

    function word(label) { return make("span", { className: "hj-soft", textContent: label }); }

    function by(list, code) { return list.find(function (each) { return each.code === code; }); }

    // --- values ----------------------------------------------------------------------------------------------------------

    function fresh(type, op, choices) {
      if (op === "is_set" || op === "is_empty") return undefined;
      if (known.timeless.indexOf(op) >= 0) return 30;
      var first = choices.length ? choices[0][0] : "";
      var today = new Date().toISOString().slice(0, 10);
      var one = type === "number" ? 1 : type === "boolean" ? true : type === "date" || type === "time" ? today : first;
      if (op === "between") return [one, one];
      return op === "one_of" || op === "none_of" ? (first ? [first] : []) : one;
    }

    function values(test, type, choices) {
      var op = test.op || "is";
      function set(value) { test.value = value; }
      function numeric(value) { return value === "" ? null : Number(value); }
      if (op === "is_set" || op === "is_empty") return [];
      if (known.timeless.indexOf(op) >= 0) return [input(text.days, "number", test.value, function (v) { set(numeric(v)); }), word(text.days)];
      if (op === "between") {
        var kind = type === "number" ? "number" : "date";
        return [0, 1].map(function (index) {
          return input(index ? text.to : text.from, kind, test.value[index], function (v) { test.value[index] = kind === "number" ? numeric(v) : v; });
        });
      }
      if (op === "one_of" || op === "none_of") {
        if (choices.length) return [several(test, choices)];
        return [input(text.values, "text", test.value.join(", "), function (v) {
          set(v.split(/[,，、]/).map(function (part) { return part.trim(); }).filter(Boolean));
        })];
      }
      if (type === "boolean") return [select(text.value, [["yes", text.yes], ["no", text.no]], test.value ? "yes" : "no", function (v) { set(v === "yes"); changed(); })];
      if (choices.length && op !== "contains") return [select(text.value, choices, test.value, function (v) { set(v); changed(); })];
      if (type === "number") return [input(text.value, "number", test.value, function (v) { set(numeric(v)); })];
      if (type === "date" || type === "time") return [input(text.value, "date", String(test.value).slice(0, 10), set)];
      return [input(text.value, "text", test.value, set)];
    }

    // The chosen values, each with a cross, and a select that adds one.
    function several(test, choices) {
      var box = make("span", { className: "sg-several", role: "group", "aria-label": text.value });
      function put(value, focus) {
        test.value = value;
        draw();
        changed();
        box.querySelector(focus).focus();
      }
      function draw() {
        var chosen = test.value.map(String);
        var chips = chosen.map(function (value) {
          return choices.find(function (choice) { return String(choice[0]) === value; }) || [value, value];
        }).map(function (choice) {
          var left = chosen.filter(function (value) { return value !== String(choice[0]); });
          return make("button", { type: "button", className: "sg-chip", "aria-label": text.remove + " " + choice[1], on: { click: function () { put(left, "select"); } } },
            [make("span", { textContent: choice[1] }), make("i", { className: "ti ti-x", "aria-hidden": "true" })]);
        });
        var others = choices.filter(function (choice) { return chosen.indexOf(String(choice[0])) < 0; });
        box.replaceChildren.apply(box, chips.concat([
          select(text.another, [["", text.another]].concat(others), "", function (value) { put(chosen.concat([value]), "select"); })
        ]));
      }
      draw();
      return box;
    }

    function comparison(test, described, redo, without) {
      var ops = known.operators[described.type].filter(function (op) { return !without || known.timeless.indexOf(op) < 0; });
      var parts = [select(text.compare, ops.map(function (op) { return [op, known.ops[op]]; }), test.op || "is", function (op) {
        test.op = op;
        var value = fresh(described.type, op, described.choices);
        if (value === undefined) delete test.value; else test.value = value;
        redo();
      })];
      return parts.concat(values(test, described.type, described.choices));
    }

    function begin(test, described, without) {
      var ops = known.operators[described.type].filter(function (op) { return !without || known.timeless.indexOf(op) < 0; });
      test.op = ops[0];
      var value = fresh(described.type, test.op, described.choices);
      if (value === undefined) delete test.value; else test.value = value;
    }

    // --- rows ------------------------------------------------------------------------------------------------------------

    function grouped(list) { return list.map(function (each) { return [each.code, each.label, each.group]; }); }

    function traitRow(node, redo) {
      var described = by(known.traits, node.trait);
      var parts = [select(text.trait, grouped(known.traits), node.trait, function (code) {
        node.trait = code;
        begin(node, by(known.traits, code));
        redo();
      })];
      return described ? parts.concat(comparison(node, described, redo)) : parts.concat([word(node.trait)]);
    }

    function tests(holder, redo) {
      var described = by(known.facts, holder.fact);
      var parts = [];
      if (!described || !described.fields.length) return parts;
      (holder.where || []).forEach(function (test, index) {
        var field = by(described.fields, test.field) || described.fields[0];
        var line = make("div", { className: "sg-head" }, [select(text.field, described.fields.map(function (each) { return [each.code, each.label]; }), test.field, function (code) {
          test.field = code;
          begin(test, by(described.fields, code), true);
          redo();
        })].concat(comparison(test, field, redo, true), [small("x", text.remove, function () { holder.where.splice(index, 1); redo(); })]));
        parts.push(line);
      });
      parts.push(make("div", {}, [make("button", { type: "button", className: "btn btn-sm btn-ghost", textContent: text.where, on: { click: function () {
        var test = { field: described.fields[0].code };
        begin(test, described.fields[0], true);
        holder.where = (holder.where || []).concat([test]);
        redo();
      } } })]));
      return [make("div", { className: "sg-sub" }, parts)];
    }

    function chooseFact(holder, redo) {
      return select(text.fact, grouped(known.facts), holder.fact, function (code) { holder.fact = code; delete holder.where; redo(); });
    }

    function factRow(node, redo) {
      var least = node.at_least === undefined ? 1 : node.at_least;
      var how = node.at_most === 0 ? "never" : node.at_most === undefined || node.at_most === null ? "at_least" : least ? "between" : "at_most";
      var parts = [chooseFact(node, redo)];
      parts.push(select(text.compare, [["at_least", text.at_least], ["at_most", text.at_most], ["between", known.ops.between], ["never", text.never]], how, function (value) {
        delete node.at_most;
        node.at_least = 1;
        if (value === "never") { node.at_least = 0; node.at_most = 0; }
        if (value === "at_most") { node.at_least = 0; node.at_most = 1; }
        if (value === "between") node.at_most = 2;
        redo();
      }));
      if (how !== "never") {
        (how === "between" ? ["at_least", "at_most"] : [how]).forEach(function (name) {
          var label = how === "between" ? text[name] + " " + text.times : text.times;
          parts.push(input(label, "number", name === "at_least" ? least : node[name], function (v) { node[name] = v === "" ? null : Number(v); }));
        });
        parts.push(word(text.times));
      }
      var when = node.days ? "last" : node.since || node.until ? "period" : "ever";
      parts.push(select(text.last, [["ever", text.ever], ["last", text.last], ["period", text.period]], when, function (value) {
        delete node.days; delete node.since; delete node.until;
        if (value === "last") node.days = 30;
        if (value === "period") node.since = node.until = new Date().toISOString().slice(0, 10);
        redo();
      }));
      if (when === "last") parts.push(input(text.days, "number", node.days, function (v) { node.days = v === "" ? null : Number(v); }), word(text.days));
      if (when === "period") ["since", "until"].forEach(function (name) {
        parts.push(input(name === "since" ? text.from : text.to, "date", node[name], function (v) { if (v) node[name] = v; else delete node[name]; }));
      });
      return parts.concat(tests(node, redo));
    }

    function sequenceRow(node, redo) {
      var lines = node.steps.map(function (step, index) {
        var parts = [];
        if (index) {
          parts.push(word(text.then), select(text.within, [["", text.anytime], ["n", text.within]], step.within_days ? "n" : "", function (v) {
            if (v) step.within_days = 7; else delete step.within_days;
            redo();
          }));
          if (step.within_days) parts.push(input(text.days, "number", step.within_days, function (v) { step.within_days = v === "" ? null : Number(v); }));
        }
        parts.push(chooseFact(step, redo));
        if (index) parts.push(small("arrow-up", text.up, function () {
          node.steps.splice(index - 1, 0, node.steps.splice(index, 1)[0]);
          delete node.steps[0].within_days;
          redo();
        }));
        if (node.steps.length > 2) parts.push(small("x", text.remove, function () { node.steps.splice(index, 1); delete node.steps[0].within_days; redo(); }));
        return make("div", { className: "sg-head" }, parts.concat(tests(step, redo)));
      });
      lines.push(make("div", { className: "sg-head" }, [
        node.steps.length < 6 ? make("button", { type: "button", className: "btn btn-sm btn-ghost", textContent: text.step, on: { click: function () {
          node.steps.push({ fact: known.facts[0].code });
          redo();
        } } }) : null,
        select(text.last, [["ever", text.ever], ["last", text.last]], node.days ? "last" : "ever", function (v) { if (v === "last") node.days = 30; else delete node.days; redo(); }),
        node.days ? input(text.days, "number", node.days, function (v) { node.days = v === "" ? null : Number(v); }) : null,
      ]));
      return [make("div", { className: "sg-sub" }, lines)];
    }

    function referenceRow(node, name) {
      return [word(text[name]), select(text[name], known[name + "s"], node[name], function (v) { node[name] = Number(v); changed(); })];
    }

    var rows = { trait: traitRow, fact: factRow, sequence: sequenceRow };

    function newNode(type) {
      if (type === "group") return { type: "any", of: [newNode("trait")] };
      if (type === "trait") {
        var node = { type: "trait", trait: known.traits[0].code };
        begin(node, known.traits[0]);
        return node;
      }
      if (type === "fact") return { type: "fact", fact: known.facts[0].code, at_least: 1, days: 30 };
      if (type === "sequence") return { type: "sequence", steps: [{ fact: known.facts[0].code }, { fact: known.facts[0].code }] };
      var made = { type: type };
      made[type] = Number(known[type + "s"][0][0]);
      return made;
    }

    var counter = 0;

    function tools(node, parent) {
      var index = parent.of.indexOf(node);
      function move(distance) {
        parent.of.splice(index, 1);
        parent.of.splice(index + distance, 0, node);
        redraw(node.key, distance < 0 ? text.up : text.down);
      }
      return make("span", { className: "sg-tools" }, [
        index > 0 ? small("arrow-up", text.up, function () { move(-1); }) : null,
        index < parent.of.length - 1 ? small("arrow-down", text.down, function () { move(1); }) : null,
        small("trash", text.remove, function () {
          parent.of.splice(index, 1);
          say("removed");
          redraw((parent.of[index] || parent.of[index - 1] || parent).key);
        }),
      ]);
    }

    function keyed(node) {
      if (!node.key) {
        counter += 1;
        Object.defineProperty(node, "key", { value: "n" + counter });
      }
      return node.key;
    }

    function row(node, parent) {
      var key = keyed(node);
      function redo() { redraw(key); }
      var parts = rows[node.type] ? rows[node.type](node, redo) : referenceRow(node, node.type);
      var element = make("div", { className: "sg-row", "data-key": key }, parts);
      element.append(tools(node, parent));
      return element;
    }

    function group(node, parent) {
      var key = keyed(node);
      var head = make("div", { className: "sg-head" }, [
        select(text.match, [["all", text.all], ["any", text.any], ["none", text.none]], node.type, function (type) { node.type = type; changed(); }),
        parent ? tools(node, parent) : null,
      ]);
      var offered = ["trait", "fact", "sequence", "tag", "segment", "list", "group"].filter(function (type) { return !known[type + "s"] || known[type + "s"].length; });
      var add = make("div", { className: "sg-add" }, offered.map(function (type) {
        return make("button", { type: "button", className: "btn btn-sm", "data-add": type, textContent: "+ " + text[type], on: { click: function () {
          var made = newNode(type);
          node.of.push(made);
          keyed(made);
          say("added");
          redraw(made.key);
        } } });
      }));
      var inside = node.of.map(function (child) { return child.of ? group(child, node) : row(child, node); });
      return make("div", { className: "sg-group", "data-key": key, role: "group", "aria-label": text.match }, [head].concat(inside, [add]));
    }

    return {
      init: function () {
        root = this.$root;
        known = data("segment-catalogue");
        text = data("segment-texts");
        this.open(data("segment-definition"));
      },
      open: function (read) {
        var node = opened(read.where);
        tree = node.of ? node : { type: "all", of: [node] };
        redraw();
      },
      // The JSON field was changed by hand: what cannot be read stays there, and the preview says what is wrong.
      read: function (event) {
        try {
          this.open(JSON.parse(event.target.value));
        } catch (error) {
          document.body.dispatchEvent(new CustomEvent("segment-changed"));
        }
      },
    };
  });
});
