// Curves of a trial over time, with one cursor for all of them and the runner.
"use strict";
(() => {
  // parts as in the figures; blue and vermilion are the sides
  const COLOURS = {
    leg: "#a0522d", arm: "#009e73", torso: "#cc79a7", pelvis: "#56b4e9",
    hip: "#a0522d", knee: "#e69f00", ankle: "#009e73", mtp: "#56b4e9", lumbar: "#cc79a7",
    shoulder: "#7d838b", elbow: "#8a6d3b", ankle_and_toes: "#009e73",
  };

  /** The left side is dashed, the right one solid. */
  function line(name) {
    const part = name.replace(/_(left|right)$/, "");
    return {
      label: name.replace(/^(\w+)_(left|right)$/, "$2 $1").replaceAll("_", " "),
      stroke: COLOURS[part] || "#7d838b",
      dash: name.endsWith("_left") ? [6, 4] : [],
      width: 2,
    };
  }

  const SIDES = [
    { role: "push_side", label: "push side", stroke: "#0072b2", dash: [], width: 2.5 },
    { role: "swing_side", label: "swing side", stroke: "#d55e00", dash: [6, 4], width: 2.5 },
  ];
  const AXES = { x: "forward axis", y: "vertical axis", z: "sideways axis" };

  function momentumOfSides(trial, channels, time, axis) {
    const number = "xyz".indexOf(axis);
    return SIDES.map(({ role, ...look }) => ({
      ...look,
      values: time.map((instant, frame) => {
        const { contact } = aqbio.phase(trial.contacts, instant);
        const weights = contact ? trial.roles[contact.foot][role] : [];
        return aqbio.weighted(weights, (group) =>
          channels.momentum.value(3 * group + number, frame));
      }),
    }));
  }

  /** Largest turn of a part and of a side about an axis: the scale of the arrows. */
  aqbio.largest = (trial, channels, time, axis) => {
    const number = "xyz".indexOf(axis);
    const most = (curves) =>
      curves.flat().reduce((top, one) => (Math.abs(one) > top ? Math.abs(one) : top), 1e-6);
    const parts = trial.groups.map((_, group) =>
      Array.from(channels.momentum.curve(3 * group + number)));
    const sides = momentumOfSides(trial, channels, time, axis).map((one) => one.values);
    return { parts: most(parts), sides: most(sides) };
  };

  const DEGREES = 180 / Math.PI;

  /** What can be shown: title with unit, and curves. */
  aqbio.quantities = (trial, channels, time) => {
    const each = (channel, names, { stride = 1, offset = 0, factor = 1 } = {}) =>
      names.map((name, item) => ({
        ...line(name),
        values: Array.from(channels[channel].curve(stride * item + offset), (one) => factor * one),
      }));
    return {
      parts: {
        title: (axis) => `Angular momentum of each part, ${AXES[axis]} (kg m²/s): right solid, left dashed`,
        curves: (axis) => each("momentum", trial.groups, { stride: 3, offset: "xyz".indexOf(axis) }),
        spread: channels.spread
          ? (axis) => each("spread", trial.groups, { stride: 3, offset: "xyz".indexOf(axis) })
          : null,
      },
      sides: {
        title: (axis) => `Angular momentum of both sides in contact, ${AXES[axis]} (kg m²/s)`,
        curves: (axis) => momentumOfSides(trial, channels, time, axis),
      },
      force: {
        title: () => "Ground reaction force (N): up solid, forward dashed, to the right dotted",
        curves: () => trial.curves.force.flatMap((foot, number) =>
          [["up", 1, []], ["forward", 0, [6, 4]], ["sideways", 2, [2, 3]]].map(([way, axis, dash]) => ({
            label: `${foot} foot, ${way}`, dash, width: 2,
            stroke: foot === "left" ? "#009e73" : "#a8518a",
            values: Array.from(channels.force.curve(3 * number + axis)),
          }))),
      },
      power: {
        title: () => "Joint power (W): right solid, left dashed",
        curves: () => each("power", trial.curves.power),
      },
      angle: {
        title: () => "Flexion (degrees): right solid, left dashed",
        curves: () => each("angle", trial.curves.angle, { factor: DEGREES }),
      },
      cause: {
        title: () => "Vertical ground force that each source causes (N): right solid, left dashed",
        curves: () => each("cause", trial.curves.cause || []),
      },
    };
  };

  /** Grey where a foot is on the ground, with its side; a band of two standard deviations. */
  function backdrop(trial, curves, spread) {
    return (plot) => {
      const { ctx, bbox } = plot;
      const at = (value, scale) => plot.valToPos(value, scale, true);
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      for (const one of trial.contacts) {
        const left = at(one.touchdown, "x");
        ctx.fillStyle = "rgba(128, 134, 142, .16)";
        ctx.fillRect(left, bbox.top, at(one.toe_off, "x") - left, bbox.height);
        ctx.fillStyle = "#7d838b";
        ctx.font = `${12 * devicePixelRatio}px system-ui`;
        ctx.textBaseline = "top";
        ctx.fillText(one.foot, left + 4, bbox.top + 4);
      }
      (spread || []).forEach((off, item) => {
        if (!plot.series[item + 1].show) return;
        ctx.fillStyle = curves[item].stroke;
        ctx.globalAlpha = 0.18;
        ctx.beginPath();
        const time = plot.data[0];
        const edge = (frame, sign) =>
          at(curves[item].values[frame] + sign * 2 * off.values[frame], "y");
        const known = time.map((_, frame) => frame)
          .filter((frame) => Number.isFinite(edge(frame, 1)));
        known.forEach((frame) => ctx.lineTo(at(time[frame], "x"), edge(frame, 1)));
        known.reverse().forEach((frame) => ctx.lineTo(at(time[frame], "x"), edge(frame, -1)));
        ctx.fill();
        ctx.globalAlpha = 1;
      });
      ctx.restore();
    };
  }

  /** Values of a curve: a plot draws a line over what is not a number, and none over nothing. */
  aqbio.gaps = (values) => values.map((one) => (Number.isNaN(one) ? null : one));

  /** A plot in an element; show(quantity, axis), at(frame). */
  aqbio.plot = (element, trial, time, go) => {
    let plot = null;
    let last = 0;
    const mark = document.createElement("div");
    mark.className = "now";
    const ink = () => getComputedStyle(element).color;
    const api = {
      show: (quantity, axis, banded) => {
        const curves = quantity.curves(axis);
        const spread = banded && quantity.spread ? quantity.spread(axis) : null;
        if (plot) plot.destroy();
        const scale = { stroke: ink, grid: { stroke: "rgba(128,134,142,.25)" }, ticks: { show: false } };
        plot = new uPlot({
          title: quantity.title(axis),
          width: element.clientWidth,
          height: 260,
          scales: { x: { time: false } },
          axes: [{ ...scale, label: "time (s)", labelSize: 18, size: 34 }, { ...scale, size: 56 }],
          cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
          legend: { live: true },
          series: [
            { label: "time (s)", value: (_, one) => (one == null ? "" : one.toFixed(3)) },
            ...curves.map(({ label, stroke, dash, width }) => ({
              label, stroke, dash, width,
              value: (_, one) => (one == null || Number.isNaN(one) ? "–" : one.toFixed(2)),
            })),
          ],
          hooks: { drawClear: [backdrop(trial, curves, spread)], ready: [() => api.at(last)] },
        }, [time, ...curves.map((one) => aqbio.gaps(one.values))], element);
        plot.over.append(mark);
        const seek = (event) => {
          const left = event.clientX - plot.over.getBoundingClientRect().left;
          go(plot.posToIdx(left));
        };
        plot.over.addEventListener("pointerdown", (event) => {
          plot.over.setPointerCapture(event.pointerId);
          seek(event);
        });
        plot.over.addEventListener("pointermove", (event) => {
          if (event.buttons) seek(event);
        });
      },
      at: (frame) => {
        last = frame;
        const left = plot.valToPos(time[0] + frame * trial.step, "x");
        mark.style.transform = `translateX(${left}px)`;
        plot.setLegend({ idx: Math.round(frame) }, false);
      },
      resize: () => plot.setSize({ width: element.clientWidth, height: 260 }),
    };
    return api;
  };
})();
