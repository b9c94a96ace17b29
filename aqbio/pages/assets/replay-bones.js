// Bones of the model, where it has them: surfaces that all trials of an athlete share.
"use strict";
(() => {
  const T = globalThis.THREE;

  /** The surface of a segment, on axes through its centre of mass; null without one. */
  aqbio.bone = (surfaces, segment, material) => {
    const points = surfaces[`${segment.name}/points`];
    if (!points) return null;
    const triangles = surfaces[`${segment.name}/triangles`];
    const rows = (channel) =>
      Array.from({ length: channel.frames }, (_, row) =>
        [0, 1, 2].map((part) => channel.value(part, row)));
    const places = rows(points).map((place) =>
      place.map((value, axis) => value - segment.com[axis]));
    const geometry = new T.BufferGeometry();
    geometry.setAttribute("position", new T.BufferAttribute(new Float32Array(places.flat()), 3));
    geometry.setIndex(rows(triangles).flat());
    geometry.computeVertexNormals();
    material.side = T.DoubleSide; // some surfaces are open, or inside out
    return new T.Mesh(geometry, material);
  };
})();
