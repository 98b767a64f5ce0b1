// Charts: <div data-chart="ID"> draws the ECharts option of <script type="application/json" id="ID">.
// The option says what it shows; colours, fonts, number words and tooltips come from here, from the theme and locale.
(function () {
  "use strict";
  var drawn = new Map();

  function css(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

  // CSS colours may be oklch or light-dark(): let the browser compute what it paints.
  function colour(name) {
    var probe = document.createElement("span");
    probe.className = "hj-probe-" + name;
    document.body.append(probe);
    var value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  }

  function stageColour(name) {
    var probe = document.createElement("span");
    probe.className = "stage-" + name;
    document.body.append(probe);
    var value = getComputedStyle(probe).getPropertyValue("--stage").trim();
    probe.remove();
    return value;
  }

  var locale = document.querySelector('meta[name="huoju-locale"]');
  var wan = locale && locale.dataset.wan === "1";
  var units = wan ? [[1e8, "亿"], [1e4, "万"]] : [[1e9, "B"], [1e6, "M"], [1e3, "K"]];

  function compact(value) {
    if (typeof value !== "number" || !isFinite(value)) return "—";
    for (var i = 0; i < units.length; i++) {
      if (Math.abs(value) >= units[i][0]) return trim(value / units[i][0], 1) + units[i][1];
    }
    return trim(value, 1);
  }
  function trim(value, places) {
    return value.toLocaleString("en-US", { maximumFractionDigits: places });
  }
  var formats = {
    number: function (value) { return trim(value, 2); },
    compact: compact,
    money: function (value) { return locale.dataset.currency + compact(value); },
    percent: function (value) { return trim(value * 100, 1) + "%"; },
    days: function (value) { return trim(value, 1); },
  };

  // Functions cannot travel in JSON: "format": "money" anywhere in the option becomes the formatter.
  function dress(option) {
    var text = colour("text");
    var faint = colour("faint");
    var line = colour("line");
    var surface = colour("surface");
    var format = formats[option.format] || formats.number;
    var axis = {
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: { color: faint },
      splitLine: { lineStyle: { color: line } },
      nameTextStyle: { color: faint },
    };
    function axes(given, horizontal) {
      return (Array.isArray(given) ? given : [given]).map(function (one) {
        var merged = Object.assign({}, axis, one);
        merged.axisLabel = Object.assign({}, axis.axisLabel, one.axisLabel);
        if (one.type === "value") {
          merged.axisLine = { show: false };
          merged.axisLabel.alignMaxLabel = horizontal ? "right" : undefined;
          merged.axisLabel.hideOverlap = true;
          merged.axisLabel.formatter = one.format ? formats[one.format] : option.format ? format : compact;
        } else {
          if (horizontal) merged.axisLabel.alignMaxLabel = merged.boundaryGap === false ? "right" : undefined;
          merged.splitLine = { show: false };
        }
        return merged;
      });
    }
    var full = Object.assign({
      color: ["flame", "blue", "teal", "amber", "violet", "rose", "lime", "slate"].map(function (name) { return colour("chart-" + name); }),
      grid: { left: 4, right: 16, top: option.legend ? 40 : 16, bottom: 4, containLabel: true },
      animationDuration: 250,
    }, option);
    delete full.format;
    full.backgroundColor = "transparent";
    full.textStyle = { fontFamily: css("--tblr-font-sans-serif"), color: text };
    full.tooltip = Object.assign({
      trigger: "axis",
      confine: true,
      valueFormatter: format,
      axisPointer: { type: "line" },
    }, option.tooltip, {
      backgroundColor: surface,
      borderColor: line,
      textStyle: { color: text, fontSize: 12 },
      // The HTML tooltip writes style attributes, which our CSP refuses; this one is painted on the canvas.
      renderMode: "richText",
    });
    if (option.legend) full.legend = Object.assign({ type: "scroll", top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10 }, option.legend, { textStyle: { color: text } });
    if (option.xAxis) full.xAxis = axes(option.xAxis, true);
    if (option.yAxis) full.yAxis = axes(option.yAxis, false);
    full.series = (option.series || []).map(function (series) {
      var merged = Object.assign({}, series);
      // A stage has its own colour, the same as its badge.
      if (merged.stage) merged.color = stageColour(merged.stage);
      delete merged.stage;
      if (merged.type === "bar") merged.itemStyle = Object.assign({ borderRadius: 3 }, merged.itemStyle);
      if (merged.type === "bar" && !merged.barMaxWidth) merged.barMaxWidth = 36;
      if (merged.type === "line" && merged.showSymbol === undefined) merged.showSymbol = false;
      if (merged.format) merged.tooltip = Object.assign({ valueFormatter: formats[merged.format] }, merged.tooltip);
      delete merged.format;
      if (merged.label) merged.label = Object.assign({ color: text }, merged.label, merged.label.format ? { formatter: function (point) { var value = Array.isArray(point.value) ? point.value[point.value.length - 1] : point.value; return formats[merged.label.format](value); } } : {});
      return merged;
    });
    return full;
  }

  function draw(element) {
    var source = document.getElementById(element.dataset.chart);
    if (!source || !window.echarts) return;
    var option = JSON.parse(source.textContent);
    var old = drawn.get(element);
    if (old) old.dispose();
    var chart = window.echarts.init(element, null, { renderer: "canvas" });
    chart.setOption(dress(option));
    chart.on("click", function (point) {
      var url = point.data && point.data.url;
      if (url) window.location.assign(url);
    });
    drawn.set(element, chart);
    size.observe(element);
  }

  var size = new ResizeObserver(function (entries) {
    entries.forEach(function (entry) {
      var chart = drawn.get(entry.target);
      if (chart) chart.resize();
    });
  });

  function all() {
    drawn.forEach(function (chart, element) {
      if (!element.isConnected) {
        size.unobserve(element);
        chart.dispose();
        drawn.delete(element);
      }
    });
    document.querySelectorAll("[data-chart]").forEach(function (element) {
      if (!drawn.has(element)) draw(element);
    });
  }
  function again() { drawn.forEach(function (_, element) { draw(element); }); }

  document.addEventListener("DOMContentLoaded", all);
  document.addEventListener("htmx:after:swap", all);
  document.documentElement.addEventListener("huoju:theme", again);
})();
