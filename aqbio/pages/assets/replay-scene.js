// The runner in three dimensions: solids with the segments' inertia, forces and momenta.
"use strict";
(() => {
  const T = globalThis.THREE;
  const [LEFT, RIGHT, PUSH, SWING] = [0x009e73, 0xa8518a, 0x0072b2, 0xd55e00];
  const COUNTER = 0x8a4fd0; // counter-clockwise seen against the axis
  const CLOCKWISE = 0xb08400;
  const MIDDLE = 0x8a8f96;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const INK = dark ? 0xf0f1f2 : 0x15171a; // forces, markers, bones
  const FLOOR = dark ? [0x5a6068, 0x34383d] : [0x9aa0a6, 0xd0d3d8];
  const AXES = { x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1] };
  const NEWTON = 1 / 1500; // m of arrow for each N
  const WIDEST = (300 / 180) * Math.PI; // angle of the largest turn of a trial

  /** A straight arrow; set(from, vector) in metres. */
  function arrow(scene, color) {
    const material = new T.MeshLambertMaterial({ color, depthTest: false, transparent: true });
    const shaft = new T.Mesh(new T.CylinderGeometry(0.012, 0.012, 1, 10), material);
    const head = new T.Mesh(new T.ConeGeometry(0.035, 0.09, 14), material);
    const whole = new T.Group();
    whole.add(shaft, head);
    for (const part of whole.children) part.renderOrder = 1; // seen through the body
    scene.add(whole);
    const up = new T.Vector3(0, 1, 0);
    return {
      hide: () => { whole.visible = false; },
      set: (from, vector) => {
        const length = vector.length();
        whole.visible = length > 0.02;
        if (!whole.visible) return;
        whole.position.copy(from);
        whole.quaternion.setFromUnitVectors(up, vector.clone().divideScalar(length));
        shaft.scale.y = Math.max(length - 0.09, 0.001);
        shaft.position.y = shaft.scale.y / 2;
        head.position.y = length - 0.045;
      },
    };
  }

  class Circle extends T.Curve {
    constructor(radius) {
      super();
      this.radius = radius;
    }

    /** Counter-clockwise about +y, as seen from above. */
    getPoint(share, point = new T.Vector3()) {
      const angle = share * WIDEST;
      return point.set(this.radius * Math.cos(angle), 0, -this.radius * Math.sin(angle));
    }
  }

  const RINGS = 120;
  const SIDES = 8;

  /** An arrow that turns, coloured by its direction where it has no colour; set(centre, axis, share) with share from -1 to 1 of the largest turn. */
  function turn(scene, color, radius, mirrored) {
    const material = new T.MeshLambertMaterial({
      color: color === null ? COUNTER : color, side: T.DoubleSide, depthTest: false, transparent: true,
    });
    const circle = new Circle(radius);
    const tube = new T.TubeGeometry(circle, RINGS, 0.011, SIDES, false);
    const arc = new T.Mesh(tube, material);
    const head = new T.Mesh(new T.ConeGeometry(0.036, 0.085, 14), material);
    const whole = new T.Group();
    whole.add(arc, head);
    for (const part of whole.children) part.renderOrder = 2;
    scene.add(whole);
    const up = new T.Vector3(0, 1, 0);
    const point = new T.Vector3();
    return {
      hide: () => { whole.visible = false; },
      set: (centre, axis, share) => {
        const size = Math.min(1, Math.abs(share));
        whole.visible = size > 0.02;
        if (!whole.visible) return;
        whole.position.copy(centre);
        whole.quaternion.setFromUnitVectors(up, new T.Vector3(...AXES[axis]));
        whole.scale.z = share < 0 ? -1 : 1;
        const clockwise = share < 0 !== (mirrored && axis !== "z"); // as it is seen
        if (color === null) material.color.setHex(clockwise ? CLOCKWISE : COUNTER);
        tube.setDrawRange(0, Math.round(size * RINGS) * SIDES * 6);
        const angle = size * WIDEST;
        head.position.copy(circle.getPoint(size, point));
        head.quaternion.setFromUnitVectors(up, new T.Vector3(-Math.sin(angle), 0, -Math.cos(angle)));
      },
    };
  }

  /** Lines between pairs of points; those on top are seen through the body. */
  function lines(scene, color, onTop = false) {
    const geometry = new T.BufferGeometry();
    const material = new T.LineBasicMaterial({ color, depthTest: !onTop, transparent: onTop });
    const made = new T.LineSegments(geometry, material);
    made.frustumCulled = false;
    scene.add(made);
    return (points) => {
      made.visible = points.length > 0;
      geometry.setAttribute("position", new T.BufferAttribute(new Float32Array(points), 3));
    };
  }

  function ground(scene, trial, place) {
    const xs = place.curve(0);
    const middle = (Math.min(...xs) + Math.max(...xs)) / 2;
    const length = 2 * Math.ceil(Math.max(...xs) - Math.min(...xs)) + 20;
    const grid = new T.GridHelper(length, length, ...FLOOR);
    grid.position.set(Math.round(middle), trial.ground, Math.round(place.value(2, 0)));
    scene.add(grid);
    for (const corners of trial.plates) {
      const geometry = new T.BufferGeometry();
      const order = [0, 1, 2, 0, 2, 3].flatMap((corner) => corners[corner]);
      geometry.setAttribute("position", new T.BufferAttribute(new Float32Array(order), 3));
      const material = new T.MeshBasicMaterial({
        color: 0x6f7985, opacity: 0.25, transparent: true, side: T.DoubleSide, depthWrite: false,
      });
      const plate = new T.Mesh(geometry, material);
      plate.position.y += 0.002;
      scene.add(plate);
      lines(scene, INK)([0, 1, 1, 2, 2, 3, 3, 0].flatMap((corner) => corners[corner]));
    }
  }

  /** Solids of the segments, and bones; the left side has facets, the right side is smooth. */
  function solids(scene, trial, surfaces) {
    const smooth = new T.SphereGeometry(1, 24, 16);
    const facets = new T.SphereGeometry(1, 6, 5);
    return trial.segments.map((segment) => {
      const whole = new T.Group();
      const left = segment.group.endsWith("_left");
      const material = new T.MeshLambertMaterial({ color: MIDDLE, flatShading: left });
      const solid = new T.Mesh(left ? facets : smooth, material);
      if (segment.axes.length && segment.seen) {
        solid.scale.set(...segment.axes);
        solid.quaternion.set(...segment.directions);
        whole.add(solid);
      }
      const bone = surfaces && segment.seen ? aqbio.bone(surfaces, segment, material) : null;
      if (bone) whole.add(bone);
      scene.add(whole);
      return { segment, whole, material, solid, bone, arm: new T.Vector3(...segment.com).negate() };
    });
  }

  const VIEWS = {
    oblique: [1.5, 2.1, 2.7], // arrows about the vertical are seen from above
    side: [0.25, 0.35, 3.7],
    front: [4.2, 0.35, 0.01],
    behind: [-4.2, 0.35, 0.01],
    above: [0, 3.1, 0.01],
  };

  /** Draw a trial, or its mirror image left to right, into an element; draw(frame, options) shows an instant. */
  aqbio.scene = (element, trial, channels, mirrored = false, surfaces = null) => {
    const whole = new T.Scene();
    const scene = new T.Group();
    scene.scale.z = mirrored ? -1 : 1;
    whole.add(scene);
    const camera = new T.PerspectiveCamera(30, 1, 0.05, 200);
    const renderer = new T.WebGLRenderer({ antialias: true, alpha: true });
    element.append(renderer.domElement);
    const light = new T.DirectionalLight(0xffffff, 1.4);
    light.position.set(2, 5, 3);
    whole.add(new T.HemisphereLight(0xffffff, 0x9a9a9a, 2.2), light);
    ground(scene, trial, channels.place);
    const bodies = solids(scene, trial, surfaces);
    const bones = lines(scene, INK);
    const ghost = lines(scene, 0xc02020, true);
    const errors = lines(scene, 0xc02020, true);
    const dots = new T.Points(
      new T.BufferGeometry(),
      new T.PointsMaterial({ color: INK, size: 0.035, depthTest: false, transparent: true }),
    );
    dots.frustumCulled = false;
    scene.add(dots);
    const forces = [0, 1].map(() => arrow(scene, INK));
    const parts = trial.groups.map((name) =>
      turn(scene, null, name === "torso" ? 0.26 : name === "pelvis" ? 0.2 : 0.17, mirrored));
    const sides = { push_side: turn(scene, PUSH, 0.42), swing_side: turn(scene, SWING, 0.34) };
    const controls = new T.OrbitControls(camera, renderer.domElement);
    const target = new T.Vector3();
    const point = (channel, item, frame) =>
      new T.Vector3(...[0, 1, 2].map((axis) => channel.between(3 * item + axis, frame)));

    function follow(frame) {
      const next = point(channels.place, 0, frame);
      const moved = next.clone().multiply(scene.scale).sub(target);
      target.add(moved);
      camera.position.add(moved);
      controls.target.add(moved);
      controls.update();
      return next;
    }

    function sideOf(group, stance) {
      for (const role of ["push_side", "swing_side"]) {
        const weights = stance ? trial.roles[stance][role] : [];
        if (weights[trial.groups.indexOf(group)] > 0) return role;
      }
      return "";
    }

    function colour(group, stance, by) {
      if (by === "anatomy") {
        return group.endsWith("_left") ? LEFT : group.endsWith("_right") ? RIGHT : MIDDLE;
      }
      return { push_side: PUSH, swing_side: SWING, "": MIDDLE }[sideOf(group, stance)];
    }

    function pose(frame, place, options, stance) {
      const turns = channels.turn;
      bodies.forEach((body, number) => {
        body.whole.position.copy(point(channels.centre, number, frame)).add(place);
        body.whole.quaternion
          .set(...[0, 1, 2, 3].map((part) => turns.between(4 * number + part, frame)))
          .normalize();
        body.material.color.setHex(colour(body.segment.group, stance, options.colour));
        if (body.bone) body.solid.visible = !(body.bone.visible = options.bones);
        body.origin = body.arm.clone().applyQuaternion(body.whole.quaternion)
          .add(body.whole.position);
      });
    }

    function sticks(offset) {
      const points = [];
      bodies.forEach((body, number) => {
        const { parent, seen } = body.segment;
        if (parent < 0 || !seen) return;
        const from = bodies[parent].origin.clone().add(offset(parent));
        points.push(...from.toArray(), ...body.origin.clone().add(offset(number)).toArray());
      });
      return points;
    }

    function markers(frame, place, shown) {
      const places = [];
      const off = [];
      trial.markers.forEach((marker, number) => {
        if (!shown || !channels.marker) return;
        const seen = point(channels.marker, number, frame).add(place);
        if (Number.isNaN(seen.x)) return;
        const body = bodies[marker.segment];
        const model = new T.Vector3(...marker.place)
          .applyQuaternion(body.whole.quaternion).add(body.origin);
        places.push(...seen.toArray());
        off.push(...seen.toArray(), ...model.toArray());
      });
      dots.visible = places.length > 0;
      dots.geometry.setAttribute(
        "position", new T.BufferAttribute(new Float32Array(places), 3));
      errors(off);
    }

    function centreOf(groups) {
      const centre = new T.Vector3();
      let mass = 0;
      bodies.forEach((body) => {
        if (!groups.includes(body.segment.group) || Number.isNaN(body.whole.position.x)) return;
        centre.addScaledVector(body.whole.position, body.segment.mass);
        mass += body.segment.mass;
      });
      return centre.divideScalar(mass || 1);
    }

    function momenta(frame, options, stance) {
      const value = (group) =>
        channels.momentum.between(3 * group + "xyz".indexOf(options.axis), frame);
      const largest = options.largest;
      trial.groups.forEach((name, group) => {
        const share = value(group) / largest.parts;
        if (options.momenta === "parts" && !Number.isNaN(share)) {
          parts[group].set(centreOf([name]), options.axis, share);
        } else parts[group].hide();
      });
      for (const [role, ring] of Object.entries(sides)) {
        const weights = stance ? trial.roles[stance][role] : [];
        const share = aqbio.weighted(weights, value) / largest.sides;
        if (options.momenta === "sides" && !Number.isNaN(share)) {
          ring.set(centreOf(trial.groups.filter((_, group) => weights[group] > 0)),
            options.axis, share);
        } else ring.hide();
      }
    }

    function forcesAt(frame, shown) {
      forces.forEach((one, foot) => {
        const force = point(channels.force, foot, frame);
        const from = point(channels.point, foot, frame);
        if (!shown || Number.isNaN(force.x) || Number.isNaN(from.x)) one.hide();
        else one.set(from, force.multiplyScalar(NEWTON));
      });
    }

    let drawing = false;
    const api = {
      canvas: renderer.domElement,
      draw: (frame, options) => {
        drawing = true;
        const place = follow(frame);
        const time = trial.start + frame * trial.step;
        const { contact } = aqbio.phase(trial.contacts, time);
        pose(frame, place, options, contact && contact.foot);
        bones(sticks(() => new T.Vector3()));
        ghost(options.ghost && channels.plain
          ? sticks((number) => point(channels.plain, number, frame)) : []);
        markers(frame, place, options.markers);
        forcesAt(frame, options.forces);
        momenta(frame, options, contact && contact.foot);
        renderer.render(whole, camera);
        drawing = false;
      },
      /** Whole positions as they are drawn, for whoever checks them. */
      centres: () => bodies.map((body) => body.whole.position.toArray()),
      view: (name) => {
        camera.position.copy(target).add(new T.Vector3(...VIEWS[name]));
        controls.target.copy(target);
        controls.update();
      },
      /** How many segments are shown as bones. */
      bones: () => bodies.filter((body) => body.bone && body.bone.visible).length,
      /** Where a point is in the picture, in shares of its width and height from the upper left. */
      seenAt: (place) => {
        const { x, y } = new T.Vector3(...place).multiply(scene.scale).project(camera);
        return [(1 + x) / 2, (1 - y) / 2];
      },
      /** Lines from joint to joint at the instant that is drawn: the segment, and ends in the picture. */
      sticks: () => bodies.filter(({ segment }) => segment.parent >= 0 && segment.seen)
        .map(({ segment, origin }) => ({
          segment,
          ends: [bodies[segment.parent].origin, origin].map((end) => api.seenAt(end.toArray())),
        })),
      /** Forces of the ground at an instant: foot and head of each arrow in the picture. */
      arrows: (frame) => [0, 1].map((foot) => {
        const from = point(channels.point, foot, frame);
        return [from, point(channels.force, foot, frame).multiplyScalar(NEWTON).add(from)];
      }).filter((ends) => ends[0].distanceTo(ends[1]) > 0.02)
        .map((ends) => ends.map((end) => api.seenAt(end.toArray()))),
      /** From where the runner is looked at; look from there. */
      offset: () => camera.position.clone().sub(target),
      from: (offset) => {
        drawing = true;
        camera.position.copy(target).add(offset);
        controls.update();
        drawing = false;
      },
      close: () => {
        controls.dispose();
        renderer.dispose();
        renderer.forceContextLoss();
      },
      resize: () => {
        const { clientWidth: width, clientHeight: height } = element;
        renderer.setPixelRatio(Math.min(2, globalThis.devicePixelRatio || 1));
        renderer.setSize(width, height);
        camera.aspect = width / Math.max(1, height);
        camera.updateProjectionMatrix();
      },
      /** Do something when a reader has turned the picture. */
      onmove: (act) => controls.addEventListener("change", () => drawing || act()),
    };
    follow(0);
    api.resize();
    api.view("oblique");
    return api;
  };
})();
