// Draws the numbers of the table on the page of charts. What it shows to the eye the table says to everybody.
"use strict";

(() => {
  const box = document.getElementById("charts");
  if (!box) {
    return;
  }
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const lasting = (seconds) => {
    if (seconds == null) { return "\u2013"; }
    if (seconds === 0) { return "0 s"; }
    if (seconds < 10) { return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`; }
    if (seconds < 120) { return `${Math.round(seconds)} s`; }
    if (seconds < 7200) { return `${Math.round(seconds / 60)} min`; }
    return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86400).toFixed(1)} d`;
  };
  const count = (number) => (number == null ? "\u2013" : Number.isInteger(number) ? String(number) : "");

  // so that an axis of times has marks at 30 s or 5 min, not at 40 s or 1000 s
  const steps = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400,
    172800, 432000, 864000];
  const whole = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];

  const kinds = {
    amounts: {
      write: count,
      series: (data) => [
        ["studies received", data.studies, "--series-1", []],
        ["jobs inferred", data.jobs, "--series-2", [8, 4]],
        ["objects delivered", data.objects, "--series-3", [2, 3]],
      ],
      steps: whole,
      stepped: true,
    },
    stored: { write: lasting, steps, series: (data) => quantiles(data.stored) },
    waited: { write: lasting, steps, series: (data) => quantiles(data.waited) },
  };
  const quantiles = (lists) => [["p50", lists.p50, "--series-1", []], ["p95", lists.p95, "--series-3", [8, 4]]];

  const options = (kind, series, data, width) => {
    const grid = { stroke: colour("--grid"), width: 1 };
    const axis = { stroke: colour("--axis"), grid, ticks: grid, font: "12px system-ui, sans-serif" };
    const label = (place) => (Number.isInteger(place) ? data.labels[place] ?? "" : "");
    return {
      width,
      height: 240,
      padding: [12, 44, 0, 0],
      cursor: { drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: [kind.stepped ? 0 : -0.5, data.labels.length - (kind.stepped ? 0 : 0.5)] },
        y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1] },
      },
      axes: [
        { ...axis, incrs: [1, 2, 3, 4, 5, 6, 7, 8, 12], space: 100, values: (_plot, places) => places.map(label) },
        { ...axis, size: 64, incrs: kind.steps, values: (_plot, values) => values.map(kind.write) },
      ],
      series: [
        { label: "from", value: (_plot, place) => (place == null ? "" : label(Math.min(place, data.labels.length - 1))) },
        ...series.map(([name, , paint, dash]) => ({
          label: name,
          stroke: colour(paint),
          width: 2,
          dash,
          value: (_plot, value) => kind.write(value),
          ...(kind.stepped ? { paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } } : { points: { show: true, size: 5 } }),
        })),
      ],
    };
  };

  let plots = [];
  const draw = (data) => {
    plots.forEach(({ plot }) => plot.destroy());
    plots = [...box.querySelectorAll("[data-chart]")].map((figure) => {
      const kind = kinds[figure.dataset.chart], place = figure.querySelector("div"), series = kind.series(data);
      // a step needs to be told where the last one ends
      const full = (values) => (kind.stepped ? [...values, values.at(-1)] : values);
      const rows = [full(data.labels).map((_, number) => number), ...series.map(([, values]) => full(values))];
      return { place, plot: new uPlot(options(kind, series, data, place.clientWidth), rows, place) };
    });
  };

  fetch(box.dataset.from, { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
    .then((data) => {
      box.hidden = false;
      draw(data);
      window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(data));
      new ResizeObserver(() => {
        plots.forEach(({ place, plot }) => plot.setSize({ width: place.clientWidth, height: 240 }));
      }).observe(box);
    })
    .catch(() => {}); // the table is there
})();
