// Draws each <div class="chart" data-chart="..."> that appears on the page; `charts.py` documents the data. A library of
// charts would take longer to load than the rest of the page.
(() => {
  const SVG = "http://www.w3.org/2000/svg", HEIGHT = 360, TOP = 8, RIGHT = 10, BOTTOM = 26, DAY = 864e5;
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const WEEKDAYS = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
  // Distances of the marks of time: milliseconds, or months.
  const FIXED = [1e3, 5e3, 15e3, 3e4, 6e4, 3e5, 9e5, 18e5, 36e5, 108e5, 216e5, 432e5, DAY, 2 * DAY, 7 * DAY, 14 * DAY];
  const IN_MONTHS = [1, 3, 6, 12, 24, 60, 120, 240, 600];

  const node = (name, attributes, parent) => {
    const made = document.createElementNS(SVG, name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    return parent.appendChild(made);
  };
  const element = (name, className, text, parent) => {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return parent.appendChild(made);
  };
  const number = (value, digits = 5) =>
    Math.abs(value) < 1e-3 && value !== 0 ? value.toExponential(2)
    : value.toLocaleString("en-US", { maximumSignificantDigits: digits, ...(Math.abs(value) >= 1e7 && { notation: "compact" }) });
  const clock = (date) => date.toISOString().slice(11, 19).replace(/:00$/, "");
  const day = (date) => `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;

  function steps(low, high, most) {
    const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
    const marks = [];
    for (let count = Math.ceil(low / step); count * step <= high; count += 1) marks.push(Number((count * step).toPrecision(12)) + 0);
    return marks;
  }

  function dates(low, high, most) {
    const fixed = FIXED.find((size) => (high - low) / size <= most);
    const marks = [];
    if (fixed) {
      const origin = 4 * DAY; // a Monday
      for (let at = Math.ceil((low - origin) / fixed) * fixed + origin; at <= high; at += fixed) marks.push(at);
      const label = (at) => (at % DAY ? clock(new Date(at)) : day(new Date(at)));
      return marks.map((at, place) => [at, place || at % DAY ? label(at) : `${label(at)} ${new Date(at).getUTCFullYear()}`]);
    }
    // Names of months are short.
    const size = IN_MONTHS.find((count) => (high - low) / (count * 30.44 * DAY) <= 1.6 * most) || 1200;
    const first = new Date(low);
    for (let month = Math.floor((first.getUTCFullYear() * 12 + first.getUTCMonth()) / size) * size; ; month += size) {
      const at = Date.UTC(Math.floor(month / 12), month % 12, 1);
      if (at > high) break;
      if (at >= low) marks.push([at, month % 12 ? MONTHS[month % 12] : String(month / 12)]);
    }
    return marks;
  }

  function path(xs, ys, x, y) {
    let d = "", pen = false;
    ys.forEach((value, place) => {
      // A round end makes a dot of a value between two missing ones.
      if (value !== null) d += `${pen ? "L" : "M"}${x(xs[place]).toFixed(1)} ${y(value).toFixed(1)}${pen ? "" : "h0"}`;
      pen = value !== null;
    });
    return d;
  }

  function extent(chart, [from, to]) {
    let low = Infinity, high = -Infinity;
    const see = (xs, ys) => ys.forEach((value, place) => {
      if (value !== null && xs[place] >= from && xs[place] <= to) [low, high] = [Math.min(low, value), Math.max(high, value)];
    });
    chart.lines.forEach((line) => see(line.x, line.y));
    chart.bands.forEach((band) => [see(band.x, band.low), see(band.x, band.high)]);
    if (low > high) [low, high] = [0, 1];
    const margin = 0.06 * (high - low) || Math.abs(high) || 1;
    return [low - margin, high + margin];
  }

  function draw(box, chart, range) {
    box.replaceChildren();
    const width = box.clientWidth, [low, high] = extent(chart, range);
    const levels = steps(low, high, 6).map((level) => [level, number(level)]);
    const left = 12 + 7.2 * Math.max(...levels.map(([, label]) => label.length));
    const x = (at) => left + ((at - range[0]) / (range[1] - range[0] || 1)) * (width - left - RIGHT);
    const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    const time = (place) => range[0] + ((place - left) / (width - left - RIGHT)) * (range[1] - range[0]);
    const svg = node("svg", { width, height: HEIGHT, role: "img", "aria-label": chart.label }, box);
    for (const [level, label] of levels) {
      node("line", { x1: left, x2: width - RIGHT, y1: y(level), y2: y(level), class: "grid" }, svg);
      node("text", { x: left - 8, y: y(level) + 4, "text-anchor": "end" }, svg).textContent = label;
    }
    const most = Math.max(2, Math.floor((width - left) / 72));
    const marks = chart.dated ? dates(time(left + 16), range[1], most) : steps(...range, most).filter(Number.isInteger).map((at) => [at, number(at, 9)]);
    for (const [at, label] of marks) {
      if (x(at) < left + 16 || x(at) > width - 26) continue;
      node("text", { x: x(at), y: HEIGHT - 6, "text-anchor": "middle" }, svg).textContent = label;
    }
    const clip = `clip${Math.random().toString(36).slice(2)}`;
    const area = { x: left, y: 0, width: width - left - RIGHT + 2, height: HEIGHT - BOTTOM + 2 };
    node("rect", area, node("clipPath", { id: clip }, svg));
    const inside = node("g", { "clip-path": `url(#${clip})` }, svg);
    node("line", { x1: x(chart.now), x2: x(chart.now), y1: TOP, y2: HEIGHT - BOTTOM, class: "now" }, inside);
    for (const band of chart.bands) {
      const back = { xs: [...band.x].reverse(), ys: [...band.low].reverse() };
      const outline = `${path(band.x, band.high, x, y)}${path(back.xs, back.ys, x, y).replace("M", "L").replace("h0", "")}Z`;
      const bar = { stroke: band.color, "stroke-width": 6 };
      node("path", { d: outline, fill: band.color, ...(band.x.length < 2 && bar) }, inside);
    }
    for (const line of chart.lines) {
      const look = { fill: "none", stroke: line.color, "stroke-width": line.width, "stroke-dasharray": line.dash };
      const dot = line.x.length < 2 && { "stroke-width": 7 };
      node("path", { d: path(line.x, line.y, x, y), "stroke-linecap": "round", "stroke-linejoin": "round", ...look, ...dot }, inside);
    }
    const legend = element("div", "legend", "", box);
    for (const part of [...chart.lines].reverse().concat([...chart.bands].reverse())) {
      const entry = element("span", "", "", legend), key = element("i", "", "", entry);
      if (part.low) Object.assign(key.style, { background: part.color, height: "10px" });
      else key.style.borderTop = `2px ${part.dash ? "dashed" : "solid"} ${part.color}`;
      entry.append(part.name);
    }
    element("span", "hint", range === chart.range ? "drag to zoom" : "double-click to zoom out", legend);
    interact(box, svg, chart, range, { x, y, time, left, width });
  }

  function interact(box, svg, chart, range, { x, y, time, left, width }) {
    const times = [...new Set(chart.lines.flatMap((line) => line.x))].filter((at) => at >= range[0] && at <= range[1]).sort((a, b) => a - b);
    const cursor = node("g", { class: "cursor", visibility: "hidden" }, svg);
    const tip = element("div", "tip", "", box);
    const zoom = node("rect", { class: "zoom", y: TOP, height: HEIGHT - TOP - BOTTOM, width: 0 }, svg);
    const place = (event) => Math.min(Math.max(event.clientX - svg.getBoundingClientRect().left, left), width - RIGHT);
    let start = null;
    const hide = () => {
      cursor.setAttribute("visibility", "hidden");
      tip.style.display = "none";
    };
    const show = (event) => {
      const wanted = time(place(event));
      const at = times.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best), times[0]);
      if (at === undefined) return;
      cursor.replaceChildren();
      cursor.setAttribute("visibility", "visible");
      node("line", { x1: x(at), x2: x(at), y1: TOP, y2: HEIGHT - BOTTOM }, cursor);
      const date = new Date(at);
      const when = chart.dated ? `${WEEKDAYS[date.getUTCDay()]} ${day(date)} ${date.getUTCFullYear()}${chart.clock ? ` ${clock(date)}` : ""}` : `step ${at}`;
      tip.replaceChildren();
      element("b", "", when, tip);
      for (const line of chart.lines) {
        const value = line.y[line.x.indexOf(at)];
        if (value === null || value === undefined) continue;
        node("circle", { cx: x(at), cy: y(value), r: 3.5, fill: line.color }, cursor);
        element("div", "", `${line.name}: ${number(value)}`, tip);
      }
      for (const band of chart.bands) {
        const k = band.x.indexOf(at);
        if (k >= 0) element("div", "", `${band.name}: ${number(band.low[k])} to ${number(band.high[k])}`, tip);
      }
      tip.style.display = "block";
      const beside = x(at) > width / 2 ? x(at) - tip.offsetWidth - 12 : x(at) + 12;
      tip.style.left = `${Math.max(0, Math.min(beside, width - tip.offsetWidth))}px`;
    };
    svg.addEventListener("pointermove", (event) => {
      show(event);
      if (start === null) return;
      zoom.setAttribute("x", Math.min(start, place(event)));
      zoom.setAttribute("width", Math.abs(place(event) - start));
    });
    svg.addEventListener("pointerdown", (event) => {
      start = place(event);
      show(event);
    });
    svg.addEventListener("pointerup", (event) => {
      const ends = [start, place(event)].sort((a, b) => a - b);
      if (start !== null && ends[1] - ends[0] > 8) draw(box, chart, ends.map(time));
      start = null;
    });
    svg.addEventListener("dblclick", () => draw(box, chart, range === chart.range ? chart.all : chart.range));
    svg.addEventListener("pointerleave", () => {
      start = null;
      zoom.setAttribute("width", 0);
      hide();
    });
  }

  function update(box) {
    if (!box.clientWidth) return;
    // Gradio may write other data into the same element, and take away what was drawn in it.
    if (box.drawn === box.dataset.chart && box.drawnWidth === box.clientWidth && box.firstChild) return;
    [box.drawn, box.drawnWidth] = [box.dataset.chart, box.clientWidth];
    const chart = JSON.parse(box.drawn);
    draw(box, chart, chart.range);
  }

  const sizes = new ResizeObserver((entries) => entries.forEach(({ target }) => update(target)));
  new MutationObserver(() => document.querySelectorAll(".chart").forEach((box) => {
    sizes.observe(box);
    update(box);
  })).observe(document, { childList: true, subtree: true, attributeFilter: ["data-chart"] });
})();
