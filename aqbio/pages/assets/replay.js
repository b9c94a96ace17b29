// The page of a trial: time, keys and what is shown.
"use strict";
(async () => {
  const trial = globalThis.REPLAY;
  const root = document.getElementById("replay");
  if (!trial || !root) return;
  const find = (name) => root.querySelector(`[name="${name}"]`);
  const output = root.querySelector("output");
  const channels = await aqbio.unpacked(trial.packed);
  const frames = channels.place.frames;
  const time = Array.from({ length: frames }, (_, frame) => trial.start + frame * trial.step);
  const quantities = aqbio.quantities(trial, channels, time);
  const state = { frame: 0, playing: false, last: 0, largest: null };
  const firstContact = trial.contacts.find((one) => one.touchdown >= time[0]) || trial.contacts[0];

  let scene = null;
  try {
    const bones = globalThis.BONES ? await aqbio.unpacked(globalThis.BONES) : null;
    scene = aqbio.scene(root.querySelector(".stage"), trial, channels, false, bones);
  } catch (error) {
    root.querySelector(".stage").textContent =
      "This browser draws nothing in three dimensions (WebGL is off): the curves below still work.";
  }
  const plots = ["first", "second"].map((name) =>
    aqbio.plot(root.querySelector(`.${name}`), trial, time, (frame) => go(frame)));

  const options = () => ({
    axis: find("axis").value,
    momenta: find("momenta").value,
    colour: find("colour").value,
    forces: find("forces").checked,
    markers: find("markers").checked,
    ghost: find("ghost").checked,
    bones: Boolean(find("bones") && find("bones").checked),
    largest: state.largest,
  });

  function telling(frame) {
    const instant = trial.start + frame * trial.step;
    const { contact, share } = aqbio.phase(trial.contacts, instant);
    const number = "xyz".indexOf(find("axis").value);
    const value = (group) => channels.momentum.between(3 * group + number, frame);
    const where = contact
      ? `${contact.foot} foot on the ground, ${Math.round(100 * share)} % of contact` : "flight";
    const shown = (one) =>
      (Number.isNaN(one) ? "not known" : one.toFixed(2).replace("-", "−"));
    const sides = contact
      ? ["push_side", "swing_side"].map((role) =>
        `${role.replace("_", " ")} ${shown(aqbio.weighted(trial.roles[contact.foot][role], value))}`)
      : [`whole body ${shown(aqbio.weighted(trial.groups.map(() => 1), value))}`];
    return `${instant.toFixed(3)} s: ${where}; ${sides.join(", ")} kg m²/s`;
  }

  function draw() {
    if (scene) scene.draw(state.frame, options());
    plots.forEach((plot) => plot.at(state.frame));
    find("frame").value = String(Math.round(state.frame));
    find("frame").setAttribute("aria-valuetext", telling(state.frame));
    output.textContent = telling(state.frame);
  }

  function go(frame) {
    state.frame = Math.max(0, Math.min(frames - 1, frame));
    draw();
  }

  function show() {
    const axis = find("axis").value;
    state.largest = aqbio.largest(trial, channels, time, axis);
    plots[0].show(quantities[find("momenta").value === "sides" ? "sides" : "parts"], axis,
      find("spread").checked);
    plots[1].show(quantities[find("quantity").value], axis, false);
    draw();
  }

  function step(now) {
    if (!state.playing) return;
    const passed = Math.min(0.1, (now - state.last) / 1000);
    state.last = now;
    const next = state.frame + (passed * Number(find("speed").value)) / trial.step;
    go(next >= frames - 1 ? 0 : next);
    requestAnimationFrame(step);
  }

  function play(on) {
    state.playing = on;
    find("play").textContent = on ? "Pause" : "Play";
    state.last = performance.now();
    if (on) requestAnimationFrame(step);
  }

  const events = trial.contacts.flatMap((one) => [one.touchdown, one.toe_off]).sort((a, b) => a - b);
  function event(way) {
    const now = trial.start + state.frame * trial.step;
    const near = trial.step / 2;
    const found = way > 0
      ? events.find((one) => one > now + near) : events.findLast((one) => one < now - near);
    if (found !== undefined) go(Math.round((found - trial.start) / trial.step));
  }

  function view(name) {
    if (scene) scene.view(name);
    draw();
  }

  function save(content, ending) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content);
    link.download = `${trial.participant}_${trial.trial}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function still() {
    draw();
    scene.canvas.toBlob((content) => save(content, "png"));
  }

  /** The instant as lines, which any program for drawings changes: left side dashed, right side full. */
  function drawing() {
    draw();
    const { clientWidth: width, clientHeight: height } = scene.canvas;
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const add = (name, given, text = "") => {
      const made = document.createElementNS(svg.namespaceURI, name);
      for (const [key, value] of Object.entries(given)) made.setAttribute(key, value);
      made.textContent = text;
      svg.append(made);
    };
    const line = ([from, to], given) => add("line", {
      x1: (width * from[0]).toFixed(2), y1: (height * from[1]).toFixed(2),
      x2: (width * to[0]).toFixed(2), y2: (height * to[1]).toFixed(2), ...given,
    });
    svg.setAttribute("viewBox", `0 0 ${width} ${height + 30}`);
    add("title", {}, `${trial.participant}, ${trial.trial}: ${telling(state.frame)}`);
    for (const { segment, ends } of scene.sticks()) {
      const left = segment.group.endsWith("_left");
      const right = segment.group.endsWith("_right");
      line(ends, {
        class: segment.name, "stroke-width": 5, "stroke-linecap": "round",
        stroke: left ? "#009e73" : right ? "#a8518a" : "#30343a", ...(left ? { "stroke-dasharray": "9 8" } : {}),
      });
    }
    if (find("forces").checked) {
      for (const ends of scene.arrows(state.frame)) {
        line(ends, { class: "force", stroke: "#15171a", "stroke-width": 3 });
        const [[x0, y0], [x, y]] = ends.map(([across, down]) => [width * across, height * down]);
        const [along, up] = [x - x0, y - y0].map((part) => (6 * part) / Math.hypot(x - x0, y - y0));
        const head = [[x + 2 * along, y + 2 * up], [x - up, y + along], [x + up, y - along]];
        add("polygon", { fill: "#15171a", points: head.map((one) => one.map((part) => part.toFixed(2))).join(" ") });
      }
    }
    add("text", { x: 8, y: height + 20, "font-family": "Arial, sans-serif", "font-size": 13 }, telling(state.frame));
    save(new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" }), "svg");
  }

  function clip() {
    const recorder = new MediaRecorder(scene.canvas.captureStream(30), { mimeType: "video/webm" });
    const parts = [];
    recorder.ondataavailable = (found) => parts.push(found.data);
    recorder.onstop = () => save(new Blob(parts, { type: "video/webm" }), "webm");
    go(0);
    play(true);
    recorder.start();
    const seconds = (frames - 1) * trial.step / Number(find("speed").value);
    setTimeout(() => {
      play(false);
      recorder.stop();
    }, 1000 * seconds);
  }

  aqbio.onKeys(root, {
    " ": () => play(!state.playing),
    ArrowRight: (shift) => go(Math.round(state.frame) + (shift ? 10 : 1)),
    ArrowLeft: (shift) => go(Math.round(state.frame) - (shift ? 10 : 1)),
    Home: () => go(0),
    End: () => go(frames - 1),
    n: () => event(1),
    p: () => event(-1),
    ...aqbio.viewKeys(view),
  });

  find("play").addEventListener("click", () => play(!state.playing));
  find("frame").max = String(frames - 1);
  find("frame").addEventListener("input", () => go(Number(find("frame").value)));
  for (const name of ["axis", "momenta", "quantity", "spread"]) {
    find(name).addEventListener("change", show);
  }
  for (const name of ["colour", "forces", "markers", "ghost", "bones"]) {
    if (find(name)) find(name).addEventListener("change", draw);
  }
  find("view").addEventListener("change", () => view(find("view").value));
  find("still").addEventListener("click", still);
  if (find("drawing")) find("drawing").addEventListener("click", drawing);
  find("clip").addEventListener("click", clip);
  find("markers").disabled = !channels.marker;
  find("ghost").disabled = !channels.plain;
  find("spread").disabled = !channels.spread;
  find("clip").disabled = !scene || !globalThis.MediaRecorder;
  for (const name of ["still", "drawing"]) if (find(name)) find(name).disabled = !scene;
  if (scene) scene.onmove(() => !state.playing && scene.draw(state.frame, options()));
  addEventListener("resize", () => {
    if (scene) scene.resize();
    plots.forEach((plot) => plot.resize());
    draw();
  });
  show();
  const asked = /^#t=(-?\d+(?:\.\d+)?)$/.exec(location.hash); // where the explorer's steps begin
  const middle = firstContact && (firstContact.touchdown + firstContact.toe_off) / 2;
  const first = asked ? Number(asked[1]) : middle;
  if (first !== undefined) go(Math.round((first - trial.start) / trial.step));
  aqbio.replay = { trial, channels, scene, go, state, telling };
  root.dataset.ready = "yes";
})();
