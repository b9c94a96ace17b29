// Two trials side by side at equal phase: which steps, time, keys, curves of both sides.
"use strict";
(async () => {
  const root = document.getElementById("compare");
  const find = (name) => root.querySelector(`[name="${name}"]`);
  const output = root.querySelector("output");
  const NAMES = ["a", "b"];
  const POINTS = 100; // of each contact, and of each flight
  const LOOKS = {
    push_side: { label: "push side", stroke: "#0072b2" },
    swing_side: { label: "swing side", stroke: "#d55e00" },
  };
  const state = { phase: 0.25, playing: false, last: 0, shown: [], plot: null };

  /** Numbers of a trial: its script says them once it has run. */
  function loaded(address) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => resolve(globalThis.REPLAY);
      script.onerror = () => reject(new Error(address));
      document.head.append(script);
    });
  }

  /** Touchdowns and toe-offs one after the other, as long as no contact is missing between. */
  aqbio.knots = (contacts, first) => {
    const found = [];
    for (let place = first; place < contacts.length; place += 1) {
      if (place > first && contacts[place].foot === contacts[place - 1].foot) break;
      found.push(contacts[place].touchdown, contacts[place].toe_off);
    }
    return found;
  };

  /** Instant at a phase in steps: from a whole number to a half one contact, then flight. */
  aqbio.instant = (knots, phase) => {
    const place = Math.max(0, Math.min(2 * phase, knots.length - 1));
    const before = Math.min(Math.floor(place), knots.length - 2);
    return knots[before] + (place - before) * (knots[before + 1] - knots[before]);
  };

  /** What the address asks for, else left against right of the fastest trial. */
  const address = new URLSearchParams(location.hash.slice(1) || globalThis.COMPARE.first);

  /** Where the page is asked to begin: trial, and foot or instant of its first contact. */
  function asked(name) {
    const [trial, from] = (address.get(name) || "").split("@");
    return { trial, from };
  }

  async function show(name) {
    const number = NAMES.indexOf(name);
    const chosen = find(name).value;
    const trial = await loaded(`trials/${chosen.split("/").map(encodeURIComponent).join("/")}.js`);
    const channels = await aqbio.unpacked(trial.packed);
    const end = trial.start + trial.step * (channels.place.frames - 1);
    const contacts = trial.contacts.filter((one) => one.touchdown >= trial.start && one.toe_off <= end);
    const before = state.shown[number];
    if (before && before.scene) before.scene.close();
    const element = root.querySelector(`.stage.${name}`);
    element.replaceChildren();
    state.shown[number] = { name, trial, channels, contacts, scene: null, element };
    const first = find(`${name}-first`);
    first.replaceChildren(...contacts.map((one, place) => {
      const option = document.createElement("option");
      option.value = String(place);
      option.textContent = `${one.foot}, ${one.touchdown.toFixed(3)} s`;
      return option;
    }));
  }

  function drawn(one) {
    try {
      one.scene = aqbio.scene(one.element, one.trial, one.channels, find("mirror").value === one.name);
      one.scene.onmove(() => {
        for (const other of state.shown) if (other !== one && other.scene) other.scene.from(one.scene.offset());
        if (!state.playing) draw();
      });
    } catch (error) {
      one.element.textContent = "This browser draws nothing in three dimensions (WebGL is off): the curves below still work.";
    }
  }

  /** Momentum of a side at a phase, about the chosen axis; of a mirrored trial as of its mirror image. */
  function side(one, role, phase) {
    const axis = find("axis").value;
    const instant = aqbio.instant(one.knots, phase);
    const place = Math.min(Math.floor(phase), one.used.length - 1);
    const contact = one.used[place];
    if (instant > contact.toe_off + 1e-9) return NaN; // in flight nobody pushes
    const frame = (instant - one.trial.start) / one.trial.step;
    const sign = find("mirror").value === one.name && axis !== "z" ? -1 : 1;
    return sign * aqbio.weighted(one.trial.roles[contact.foot][role], (group) =>
      one.channels.momentum.between(3 * group + "xyz".indexOf(axis), frame));
  }

  function arranged() {
    for (const one of state.shown) {
      const first = Number(find(`${one.name}-first`).value);
      one.knots = aqbio.knots(one.contacts, first);
      one.used = one.contacts.slice(first);
    }
    const events = Math.min(...state.shown.map((one) => one.knots.length));
    state.end = (events - 1) / 2;
    state.phase = Math.min(state.phase, state.end);
    find("phase").max = String(state.end);
    const axis = find("axis").value;
    // one scale of arrows for both
    const most = state.shown.map((one) => aqbio.largest(one.trial, one.channels,
      Array.from({ length: one.channels.place.frames }, (_, n) => one.trial.start + n * one.trial.step), axis));
    state.largest = { parts: Math.max(...most.map((one) => one.parts)), sides: Math.max(...most.map((one) => one.sides)) };
    plotted();
    draw();
  }

  function plotted() {
    const count = Math.round(2 * state.end * POINTS);
    const phases = Array.from({ length: count + 1 }, (_, place) => (place * state.end) / count);
    const curves = state.shown.flatMap((one) =>
      Object.keys(LOOKS).map((role) => phases.map((phase) => side(one, role, phase))));
    const lines = state.shown.flatMap((_, number) => Object.values(LOOKS).map((look) => ({
      label: `${look.label}, ${number ? "right" : "left"} picture`, stroke: look.stroke, width: 2.5,
      dash: number ? [7, 5] : [],
    })));
    const element = root.querySelector(".plot");
    const ink = () => getComputedStyle(element).color;
    const scale = { stroke: ink, grid: { stroke: "rgba(128,134,142,.25)" }, ticks: { show: false } };
    if (state.plot) state.plot.destroy();
    state.plot = new uPlot({
      title: "Angular momentum of both sides in contact (kg m²/s): left picture solid, right picture dashed",
      width: element.clientWidth, height: 260,
      scales: { x: { time: false } },
      axes: [{ ...scale, label: "step (contact is its first half)", labelSize: 18, size: 34 }, { ...scale, size: 56 }],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      legend: { live: false },
      series: [{ label: "step" }, ...lines],
    }, [phases, ...curves.map(aqbio.gaps)], element);
    const mark = document.createElement("div");
    mark.className = "now";
    state.plot.over.append(mark);
    const seek = (event) => event.buttons
      && go(state.plot.posToVal(event.clientX - state.plot.over.getBoundingClientRect().left, "x"));
    state.plot.over.addEventListener("pointerdown", seek);
    state.plot.over.addEventListener("pointermove", seek);
    state.mark = mark;
  }

  function telling() {
    const place = Math.min(Math.floor(state.phase), Math.ceil(state.end) - 1);
    const share = 2 * (state.phase - place);
    const shown = (one) => (Number.isNaN(one) ? "not known" : one.toFixed(2).replace("-", "−"));
    const where = share <= 1 ? `${Math.round(100 * share)} % of contact` : `${Math.round(100 * (share - 1))} % of flight`;
    const sides = state.shown.map((one) => {
      const instant = `${aqbio.instant(one.knots, state.phase).toFixed(3)} s`;
      const contact = one.used[place];
      const long = `contact of the ${contact.foot} foot ${Math.round(1000 * (contact.toe_off - contact.touchdown))} ms`;
      const numbers = Object.keys(LOOKS).map((role) => `${LOOKS[role].label} ${shown(side(one, role, state.phase))}`);
      return `${one.trial.participant} ${one.trial.trial} at ${instant}: ${long}${share <= 1 ? `, ${numbers.join(", ")} kg m²/s` : ""}`;
    });
    return `Step ${place + 1}, ${where}. ${sides.join(". ")}.`;
  }

  function draw() {
    for (const one of state.shown) {
      if (!one.scene) continue;
      one.scene.draw((aqbio.instant(one.knots, state.phase) - one.trial.start) / one.trial.step, {
        axis: find("axis").value, momenta: find("momenta").value, colour: "roles",
        forces: find("forces").checked, markers: false, ghost: false, largest: state.largest,
      });
    }
    const words = telling();
    find("phase").value = String(state.phase);
    find("phase").setAttribute("aria-valuetext", words);
    output.textContent = words;
    state.mark.style.transform = `translateX(${state.plot.valToPos(state.phase, "x")}px)`;
  }

  function go(phase) {
    state.phase = Math.max(0, Math.min(state.end, phase));
    draw();
  }

  function step(now) {
    if (!state.playing) return;
    const [one] = state.shown; // the left picture runs at its speed, the other one with it
    const rate = (one.knots[2 * Math.floor(state.end)] - one.knots[0]) / Math.max(1, Math.floor(state.end)) || 0.25;
    const next = state.phase + (Math.min(0.1, (now - state.last) / 1000) * Number(find("speed").value)) / rate;
    state.last = now;
    go(next >= state.end ? 0 : next);
    requestAnimationFrame(step);
  }

  function play(on) {
    state.playing = on;
    find("play").textContent = on ? "Pause" : "Play";
    state.last = performance.now();
    if (on) requestAnimationFrame(step);
  }

  function view(name) {
    for (const one of state.shown) if (one.scene) one.scene.view(name);
    draw();
  }

  aqbio.onKeys(root, {
    " ": () => play(!state.playing),
    ArrowRight: (shift) => go(state.phase + (shift ? 0.1 : 0.01)),
    ArrowLeft: (shift) => go(state.phase - (shift ? 0.1 : 0.01)),
    Home: () => go(0),
    End: () => go(state.end),
    n: () => go((Math.floor(2 * state.phase + 1e-6) + 1) / 2),
    p: () => go((Math.ceil(2 * state.phase - 1e-6) - 1) / 2),
    ...aqbio.viewKeys(view),
  });

  /** The address says what is shown: it can be sent. */
  function noted() {
    const both = NAMES.map((name, number) => {
      const one = state.shown[number];
      return `${name}=${find(name).value}@${one.used[0].touchdown.toFixed(3)}`;
    });
    history.replaceState(null, "", `#${both.join("&")}&mirror=${find("mirror").value}`);
  }

  function again() {
    const usable = state.shown.length === 2 && state.shown.every((one) => one.contacts.length);
    root.classList.toggle("empty", !usable);
    if (!usable) {
      output.textContent = "One of these trials has no whole contact: nothing can be laid side by side.";
      return;
    }
    for (const one of state.shown) {
      if (one.scene) one.scene.close();
      one.element.replaceChildren();
      drawn(one);
    }
    arranged();
    view(find("view").value);
    noted();
  }

  const { trials } = globalThis.COMPARE;
  if (!trials.length) return;
  for (const [number, name] of NAMES.entries()) {
    find(name).replaceChildren(...trials.map(([who, trial]) => new Option(`${who} ${trial}`, `${who}/${trial}`)));
    const { trial, from } = asked(name);
    const known = trials.some(([who, one]) => `${who}/${one}` === trial);
    find(name).value = known ? trial : `${trials[Math.min(number, trials.length - 1)].join("/")}`;
    await show(name);
    const { contacts } = state.shown[number];
    const first = contacts.findIndex((one, place) =>
      (from === one.foot && contacts[place + 1] && contacts[place + 1].foot !== one.foot)
      || Math.abs(Number(from) - one.touchdown) < 0.002);
    if (contacts.length) find(`${name}-first`).value = String(Math.max(0, first));
    find(name).addEventListener("change", async () => {
      await show(name);
      again();
    });
    find(`${name}-first`).addEventListener("change", () => {
      arranged();
      noted();
    });
  }
  const mirror = address.get("mirror");
  if (mirror === "a" || mirror === "b") find("mirror").value = mirror;
  find("mirror").addEventListener("change", again);
  find("axis").addEventListener("change", arranged);
  for (const name of ["momenta", "forces"]) find(name).addEventListener("change", draw);
  find("view").addEventListener("change", () => view(find("view").value));
  find("play").addEventListener("click", () => play(!state.playing));
  find("phase").addEventListener("input", () => go(Number(find("phase").value)));
  addEventListener("resize", () => {
    for (const one of state.shown) if (one.scene) one.scene.resize();
    if (!state.plot) return;
    state.plot.setSize({ width: root.querySelector(".plot").clientWidth, height: 260 });
    draw();
  });
  again();
  aqbio.compare = { state, go, side, telling };
  root.dataset.ready = "yes";
})();
