// How far an image lies from what the network was trained on: mnist_gd/doubt.py for one image.
(() => {
  "use strict";

  const SIDE = 28;
  const CELL = 4;
  const CELLS = SIDE / CELL;

  // How much ink begins and ends in each part of an image, by four directions.
  const edges = (image) => {
    const rows = new Float64Array(4 * CELLS * CELLS);
    const at = (x, y) => image[y * SIDE + x];
    for (let y = 0; y < SIDE; y += 1) {
      for (let x = 0; x < SIDE; x += 1) {
        const across = x % (SIDE - 1) ? at(x + 1, y) - at(x - 1, y) : 0;
        const down = y % (SIDE - 1) ? at(x, y + 1) - at(x, y - 1) : 0;
        const cell = Math.floor(y / CELL) * CELLS + Math.floor(x / CELL);
        [across, -across, down, -down].forEach((rise, direction) => {
          rows[direction * CELLS * CELLS + cell] += Math.max(rise, 0);
        });
      }
    }
    const length = Math.sqrt(rows.reduce((a, b) => a + b, 0)); // of their square roots
    return rows.map((value) => Math.sqrt(value) / (length || 1));
  };

  const dot = (one, other) => one.reduce((total, value, i) => total + value * other[i], 0);

  // The distance from the nearest of the subspaces, one a class.
  const distance = ({ means, directions }, image) => {
    const rows = edges(image);
    const squares = means.map((mean, k) => {
      const away = rows.map((value, i) => value - mean[i]);
      const along = directions[k].map((direction) => dot(direction, away));
      return dot(away, away) - dot(along, along);
    });
    return Math.sqrt(Math.max(Math.min(...squares), 0));
  };

  // What the page carries: for each class its mean and its directions, rows of integers from
  // -127 to 127, each with a unit of its own.
  const load = ({ rows, units, limit }) => {
    const size = 4 * CELLS * CELLS;
    const all = Int8Array.from(atob(rows), (char) => char.charCodeAt(0));
    const classes = units.map((own, k) =>
      own.map((unit, j) => {
        const at = (k * own.length + j) * size;
        return Float64Array.from(all.subarray(at, at + size), (value) => value * unit);
      }),
    );
    return {
      means: classes.map(([mean]) => mean),
      directions: classes.map(([, ...directions]) => directions),
      limit,
    };
  };

  // The differences from the distances of the package, one image after the other.
  function* differences({ distances }, known, images) {
    for (const [n, image] of images.entries()) {
      yield Math.abs(distance(known, image) - distances[n]);
    }
  }

  window.digitDoubt = { differences, distance, edges, load };
})();
