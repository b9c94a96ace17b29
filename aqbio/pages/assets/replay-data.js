// Numbers of a trial, as aqbio/pages/packed.py packs them.
"use strict";
var aqbio = globalThis.aqbio || (globalThis.aqbio = {});

(() => {
  const MISSING = -(2 ** 31);

  /** Bytes behind a deflated text in base 64. */
  async function inflated(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /** A quantity over time: value(item, frame) in SI units, NaN where it is not known. */
  class Channel {
    constructor(shape, values) {
      [this.frames, ...this.shape] = shape;
      this.values = values;
    }

    value(item, frame) {
      return this.values[item * this.frames + frame];
    }

    /** The curve of an item. */
    curve(item) {
      return this.values.subarray(item * this.frames, (item + 1) * this.frames);
    }

    /** Value between two frames; that of the nearer one where the other is not known. */
    between(item, frame) {
      const first = Math.floor(frame);
      const share = frame - first;
      const low = this.value(item, first);
      if (share === 0) return low;
      const high = this.value(item, Math.min(first + 1, this.frames - 1));
      if (Number.isNaN(low) || Number.isNaN(high)) return share < 0.5 ? low : high;
      return low + share * (high - low);
    }
  }

  /** Channels by name. */
  aqbio.unpacked = async (made) => {
    const bytes = await inflated(made.data);
    const count = bytes.length / 4;
    const found = {};
    let start = 0;
    for (const [name, { shape, step }] of Object.entries(made.channels)) {
      const frames = shape[0];
      const size = shape.reduce((one, other) => one * other, 1);
      const values = new Float32Array(size);
      for (let item = 0; item < size; item += frames) {
        let difference = 0;
        let whole = 0;
        for (let frame = 0; frame < frames; frame += 1) {
          const place = start + item + frame;
          const folded =
            bytes[place] |
            (bytes[count + place] << 8) |
            (bytes[2 * count + place] << 16) |
            (bytes[3 * count + place] << 24);
          difference = (difference + ((folded >>> 1) ^ -(folded & 1))) | 0;
          whole = (whole + difference) | 0;
          values[item + frame] = whole === MISSING ? NaN : whole * step;
        }
      }
      found[name] = new Channel(shape, values);
      start += size;
    }
    return found;
  };

  /** The contact at an instant, the last one before it, and how far on it is (0 to 1). */
  aqbio.phase = (contacts, time) => {
    for (const one of contacts) {
      if (time >= one.touchdown && time <= one.toe_off) {
        return { contact: one, share: (time - one.touchdown) / (one.toe_off - one.touchdown) };
      }
    }
    return { contact: null, share: NaN };
  };

  /** Sum over groups with weights: NaN where a part that is needed is not known. */
  aqbio.weighted = (weights, value) => {
    let sum = weights.length ? 0 : NaN;
    weights.forEach((weight, group) => {
      if (weight !== 0) sum += weight * value(group);
    });
    return sum;
  };

  /** Keys of a page, where nothing that takes keys itself has the focus; with shift or without. */
  aqbio.onKeys = (root, keys) => {
    root.addEventListener("keydown", (pressed) => {
      if (pressed.target.closest("button, select, a, summary, input") || pressed.ctrlKey
        || pressed.metaKey || pressed.altKey || !(pressed.key in keys)) return;
      pressed.preventDefault();
      keys[pressed.key](pressed.shiftKey);
    });
  };

  /** The keys that choose from where the runner is seen. */
  aqbio.viewKeys = (view) => ({
    1: () => view("oblique"), 2: () => view("side"), 3: () => view("above"), 4: () => view("front"),
    5: () => view("behind"),
  });
})();
