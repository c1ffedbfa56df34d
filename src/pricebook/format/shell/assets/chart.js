/* The chart of a price over time, one for every page: lines that step, past and to come, with the dates below.
   A series is { look, dots, steps }, a step { from, to, level, text, gone }: times in milliseconds, `to` null without
   end. `now` parts what is past from what is to come; `mark` says so in words. A small one has lines only. */
"use strict";
const priceChart = (() => {
  const node = (tag, values, text) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(values)) made.setAttribute(name, value);
    if (text) made.append(text);
    return made;
  };
  const cut = (text) => (text.length > 16 ? `${text.slice(0, 15)}…` : text);

  return (series, now, { label = "", mark = "", small = false }) => {
    const steps = series.flatMap((one) => one.steps);
    const narrow = window.matchMedia("(max-width: 46rem)").matches;
    const large = narrow ? [350, 200, 88, 10, 18, 30] : [640, 190, 100, 14, 18, 30];
    const [width, height, left, right, top, bottom] = small ? [120, 30, 2, 2, 4, 4] : large;
    const known = steps.flatMap((step) => [step.from, step.to]).filter((time) => time !== null);
    const [first, last] = [Math.min(now, ...known), Math.max(now, ...known)];
    const span = Math.max(last - first, 86400000 * 60);
    const [begin, end] = [first - span * 0.05, last + span * 0.25];
    const high = Math.max(...steps.map((step) => step.level), 0) || 1;
    const x = (time) => Math.round((left + ((time - begin) / (end - begin)) * (width - left - right)) * 10) / 10;
    const y = (level) => Math.round((top + (1 - level / high) * (height - top - bottom)) * 10) / 10;
    const spoken = small ? { "aria-hidden": "true" } : { role: "img", "aria-label": label };
    const svg = node("svg", { class: small ? "chart spark" : "chart", viewBox: `0 0 ${width} ${height}`, ...spoken });
    const across = (level) => svg.append(node("line", { class: "grid", x1: left, x2: width - right, y1: y(level), y2: y(level) }));
    if (!small) {
      const levels = new Map(steps.map((step) => [step.level, step.text]));
      let above = -99;
      for (const level of [...levels.keys()].sort((a, b) => b - a)) {
        const at = Math.max(y(level), above + 14); // two that are near stand one below the other
        if (at - y(level) > 14) continue;
        above = at;
        across(level);
        svg.append(node("text", { x: left - 8, y: above + 4, "text-anchor": "end" }, cut(levels.get(level))));
      }
      across(0);
      if (mark) svg.append(node("text", { class: "now", x: x(now) + 4, y: 11 }, mark));
    }
    svg.append(node("line", { class: "today", x1: x(now), x2: x(now), y1: small ? 0 : top - 6, y2: small ? height : height - bottom + 5 }));
    for (const { look, dots, steps: own } of series) {
      let before = null;
      for (const step of own) {
        const [until, at] = [step.to === null ? end : step.to, y(step.level)];
        const draw = (when, d) => svg.append(node("path", { class: [look, when, step.gone && "gone"].filter(Boolean).join(" "), d }));
        const rise = before && before.to === step.from ? `M${x(step.from)} ${y(before.level)}V${at}` : `M${x(step.from)} ${at}`;
        if (step.from < now) draw("past", `${rise}H${x(Math.min(until, now))}`);
        if (until > now) draw("future", `${step.from < now ? `M${x(now)} ${at}` : rise}H${x(until)}`);
        if (dots && !small) svg.append(node("circle", { cx: x(step.from), cy: at, r: 3 }));
        before = step;
      }
    }
    let free = -99;
    for (const time of small ? [] : [...new Set(known)].sort((a, b) => a - b)) {
      if (x(time) - free < 80) continue;
      free = x(time);
      const anchor = free < left + 34 ? "start" : free > width - 40 ? "end" : "middle";
      svg.append(node("text", { x: free, y: height - 9, "text-anchor": anchor }, new Date(time).toISOString().slice(0, 10)));
    }
    return svg;
  };
})();
