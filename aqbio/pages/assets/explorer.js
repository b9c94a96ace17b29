// Every step as a point: what is drawn, which steps, and the way to a step's trial.
"use strict";
(async () => {
  const made = globalThis.EXPLORER;
  const root = document.getElementById("explorer");
  if (!root) return;
  if (!made) {
    root.querySelector("[role=status]").textContent =
      "The steps could not be put together: the findings on the page of quality say why.";
    return;
  }
  const find = (name) => root.querySelector(`[name="${name}"]`);
  const canvas = root.querySelector("canvas");
  const link = root.querySelector(".telling a");
  const channels = await aqbio.unpacked(made.packed);
  const count = made.trial.length;
  const measures = new Map(made.measures.map((one) => [one.name, one]));
  const HUES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#a07800", "#56b4e9", "#7a5195", "#555555"];
  const FEET = ["#00796b", "#a23b72"]; // not the hues of push side and swing side
  const state = { shown: [], chosen: -1, places: [], text: "" };

  const words = (name) => name.replaceAll("_", " ");
  const minus = (text) => text.replace("-", "−");
  const told = (value) =>
    minus(Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))));

  function options(select, pairs) {
    for (const [value, text] of pairs) select.add(new Option(text, value));
  }

  for (const way of ["y", "x"]) {
    options(find(way), made.measures.map((one) => [one.name, `${one.label} (${one.unit})`]));
    find(way).value = way === "x" && measures.has("speed") ? "speed" : made.measures[0]?.name ?? "";
  }
  const unique = (values) => [...new Set(values)];
  options(find("athlete"), unique(made.trials.map((one) => one[0])).map((one) => [one, one]));
  options(find("number"), unique(made.number).sort((one, other) => one - other).map((one) => [one, one]));
  options(find("condition"), unique(made.trials.map((one) => one[2])).map((one) => [one, words(one)]));

  /** Parts and axes that a measure has: the others are out of the way. */
  function adapt(way) {
    const measure = measures.get(find(way).value);
    const parts = find(`${way}-part`);
    const before = parts.value || "push_leg";
    parts.replaceChildren();
    options(parts, (measure?.parts ?? []).map((one) => [one, words(one)]));
    if ((measure?.parts ?? []).includes(before)) parts.value = before;
    parts.closest("label").hidden = !measure?.parts.length;
    find(`${way}-axis`).closest("label").hidden = !measure?.axes.length;
  }

  function drawn(way) {
    const measure = measures.get(find(way).value);
    const part = measure.parts.length ? find(`${way}-part`).value : "";
    const axis = measure.axes.length ? find(`${way}-axis`).value : "";
    const about = { y: "about the vertical", x: "about the forward axis", z: "about the sideways axis" };
    const label = [part && words(part), measure.label, axis && about[axis]].filter(Boolean).join(", ");
    return { channel: channels[`${measure.name} ${part} ${axis}`], label, unit: measure.unit };
  }

  function ticks(low, high, wanted) {
    const raw = (high - low) / wanted;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= raw);
    const found = [];
    for (let at = Math.ceil(low / step) * step; at <= high + 1e-9 * step; at += step) {
      found.push(Math.abs(at) < 1e-9 * step ? 0 : at);
    }
    return found;
  }

  function spread(values) {
    const mean = values.reduce((one, other) => one + other, 0) / values.length;
    const square = values.reduce((one, other) => one + (other - mean) ** 2, 0);
    return [mean, Math.sqrt(square / (values.length - 1))];
  }

  function hue(step, kinds) {
    const way = find("colour").value;
    if (way === "side") return FEET[made.left[step] ? 0 : 1];
    const value = made.trials[made.trial[step]][way === "athlete" ? 0 : 2];
    return HUES[kinds.indexOf(value) % HUES.length];
  }

  function draw() {
    const [up, across] = [drawn("y"), drawn("x")];
    const [athlete, condition, side] = ["athlete", "condition", "side"].map((one) => find(one).value);
    const [number, slowest, fastest] = ["number", "slowest", "fastest"].map((one) => find(one).value);
    const speed = channels["speed  "];
    state.shown = [];
    for (let step = 0; step < count; step += 1) {
      const trial = made.trials[made.trial[step]];
      if (athlete && trial[0] !== athlete) continue;
      if (condition && trial[2] !== condition) continue;
      if (side !== "" && made.left[step] !== Number(side)) continue;
      if (number !== "" && made.number[step] !== Number(number)) continue;
      if (slowest !== "" && !(speed && speed.value(0, step) >= Number(slowest))) continue;
      if (fastest !== "" && !(speed && speed.value(0, step) <= Number(fastest))) continue;
      if (find("sound").checked && made.marked[step]) continue;
      if (Number.isNaN(up.channel.value(0, step)) || Number.isNaN(across.channel.value(0, step))) continue;
      state.shown.push(step);
    }
    state.shown.sort((one, other) => across.channel.value(0, one) - across.channel.value(0, other));
    if (!state.shown.includes(state.chosen)) state.chosen = -1;
    paint(up, across);
    tell(up, across);
  }

  function paint(up, across) {
    const ratio = globalThis.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = Math.round(Math.max(260, Math.min(480, 0.6 * width)));
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const style = getComputedStyle(canvas);
    const [ink, line] = [style.color, style.getPropertyValue("--line")];
    pen.font = `13px ${style.fontFamily}`;
    pen.fillStyle = ink;
    if (!state.shown.length) {
      pen.fillText("No step is left: choose more of them.", 12, 30);
      state.places = [];
      return;
    }
    const range = (one) => {
      const values = state.shown.map((step) => one.channel.value(0, step));
      const [low, high] = [Math.min(...chunked(values, Math.min)), Math.max(...chunked(values, Math.max))];
      const room = 0.06 * (high - low || Math.abs(high) || 1);
      return [low - room, high + room];
    };
    const [left, right, top, bottom] = [66, 12, 28, 44];
    const [[x0, x1], [y0, y1]] = [range(across), range(up)];
    const px = (value) => left + ((value - x0) / (x1 - x0)) * (width - left - right);
    const py = (value) => height - bottom - ((value - y0) / (y1 - y0)) * (height - top - bottom);
    pen.strokeStyle = line;
    pen.textAlign = "right";
    for (const at of ticks(y0, y1, 6)) {
      pen.beginPath();
      pen.moveTo(left, py(at));
      pen.lineTo(width - right, py(at));
      pen.lineWidth = at === 0 ? 2 : 1;
      pen.stroke();
      pen.fillText(told(at), left - 8, py(at) + 4);
    }
    pen.textAlign = "center";
    for (const at of ticks(x0, x1, width < 500 ? 4 : 8)) {
      pen.fillText(told(at), px(at), height - bottom + 18);
    }
    pen.textAlign = "left";
    pen.fillText(`${up.label} (${up.unit})`, 8, 16);
    pen.textAlign = "right";
    pen.fillText(`${across.label} (${across.unit})`, width - right, height - 6);
    const kinds = kindsOf();
    state.places = state.shown.map((step) =>
      [px(across.channel.value(0, step)), py(up.channel.value(0, step))]);
    const size = state.shown.length > 3000 ? 1.6 : 3.2;
    pen.globalAlpha = 0.75;
    state.shown.forEach((step, number) => {
      const [x, y] = state.places[number];
      pen.fillStyle = hue(step, kinds);
      pen.beginPath();
      if (made.left[step]) pen.rect(x - size, y - size, 2 * size, 2 * size);
      else pen.arc(x, y, 1.15 * size, 0, 2 * Math.PI);
      pen.fill();
    });
    pen.globalAlpha = 1;
    const chosen = state.shown.indexOf(state.chosen);
    if (chosen >= 0) {
      pen.strokeStyle = ink;
      pen.lineWidth = 2;
      pen.beginPath();
      pen.arc(...state.places[chosen], 8, 0, 2 * Math.PI);
      pen.stroke();
    }
  }

  /** Extremes of pieces: a call takes only so many numbers. */
  function chunked(values, extreme) {
    const found = [];
    for (let at = 0; at < values.length; at += 10000) found.push(extreme(...values.slice(at, at + 10000)));
    return found;
  }

  function kindsOf() {
    const place = find("colour").value === "athlete" ? 0 : 2;
    return unique(made.trials.map((one) => one[place]));
  }

  function key() {
    const way = find("colour").value;
    const kinds = way === "side" ? ["left foot", "right foot"] : kindsOf().map(words);
    const line = root.querySelector(".hues");
    line.replaceChildren();
    kinds.slice(0, HUES.length).forEach((kind, number) => {
      const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      mark.setAttribute("viewBox", "0 0 10 10");
      const shape = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const [name, value] of Object.entries({ width: 10, height: 10, fill: (way === "side" ? FEET : HUES)[number] })) {
        shape.setAttribute(name, value);
      }
      if (way === "side" && number === 1) shape.setAttribute("rx", 5);
      mark.append(shape);
      line.append(mark, ` ${kind}  `);
    });
    if (kinds.length > HUES.length) line.append("colours repeat after these");
    if (way !== "side") line.append(" squares: left foot, circles: right foot");
  }

  function tell(up, across) {
    const shown = (step, one) => `${told(one.channel.value(0, step))} ${one.unit}`;
    const step = state.chosen;
    link.hidden = true;
    if (step < 0) {
      find("chosen").textContent = "";
    } else {
      const [who, name, condition, page] = made.trials[made.trial[step]];
      const foot = made.left[step] ? "left" : "right";
      const mark = made.marked[step] ? ", marked in column flags" : "";
      find("chosen").textContent = `${who}, ${name}, ${words(condition)}, step ${made.number[step]}, ` +
        `${foot} foot${mark}: ${up.label} ${shown(step, up)}; ${across.label} ${shown(step, across)}.`;
      if (page) {
        const folder = ["trials", who, `${name}.html`].map(encodeURIComponent).join("/");
        link.href = `${folder}#t=${channels.start.value(0, step).toFixed(4)}`;
        link.hidden = false;
      }
    }
    const feet = [1, 0].map((left) =>
      state.shown.filter((one) => made.left[one] === left).map((one) => up.channel.value(0, one)));
    const means = feet.map((values, number) => {
      if (values.length < 2) return "";
      const [mean, sd] = spread(values);
      return `${["left", "right"][number]} foot ${told(mean)} ± ${told(sd)} ${up.unit}`;
    }).filter(Boolean);
    const people = unique(state.shown.map((one) => made.trials[made.trial[one]][0])).length;
    const athletes = `${people} athlete${people === 1 ? "" : "s"}`;
    root.querySelector("[role=status]").textContent =
      `${state.shown.length} of ${count} steps of ${athletes}; mean ± standard deviation over these steps: ` +
      `${means.join("; ") || "n/a"}.`;
  }

  function choose(step) {
    state.chosen = step;
    const [up, across] = [drawn("y"), drawn("x")];
    paint(up, across);
    tell(up, across);
  }

  canvas.addEventListener("click", (pressed) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [pressed.clientX - box.left, pressed.clientY - box.top];
    let near = [20 ** 2, -1];
    state.places.forEach((place, number) => {
      const off = (place[0] - x) ** 2 + (place[1] - y) ** 2;
      if (off < near[0]) near = [off, number];
    });
    if (near[1] >= 0) choose(state.shown[near[1]]);
  });
  canvas.addEventListener("keydown", (pressed) => {
    if (pressed.key === "Enter" && !link.hidden) link.click();
    const way = { ArrowRight: 1, ArrowLeft: -1 }[pressed.key];
    if (!way || !state.shown.length) return;
    pressed.preventDefault();
    const now = state.shown.indexOf(state.chosen);
    const next = now < 0 ? 0 : Math.max(0, Math.min(state.shown.length - 1, now + way));
    choose(state.shown[next]);
  });
  for (const control of root.querySelectorAll("select, input")) {
    control.addEventListener("change", () => {
      for (const way of ["y", "x"]) if (control === find(way)) adapt(way);
      key();
      draw();
    });
  }
  addEventListener("resize", draw);
  if (!count || !made.measures.length) {
    root.querySelector("[role=status]").textContent = "No step was kept.";
    return;
  }
  adapt("y");
  adapt("x");
  key();
  draw();
})();
