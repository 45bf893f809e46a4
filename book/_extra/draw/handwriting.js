// A picture of a digit, brought into the form of MNIST's: what mnist_gd/handwriting.py does, in
// the same integers, so that both find the same 784 numbers from the same pixels.
//
// Images are arrays row by row with their `width` and `height`: { data, width, height }.
(() => {
  "use strict";

  const [SIDE, BOX, CENTRE] = [28, 20, 14.5];
  const [FINE, BROAD] = [2.0, 3.2];
  const [SMALLEST, LARGEST] = [128, 512];
  const FAINTEST = 16;
  const TOO_MUCH = 1 / 2;
  const NO_DIGIT = "no digit found";
  const SEVERAL = "more than one digit found";

  const make = (width, height, value) => {
    const data = new Float64Array(width * height);
    for (let y = 0, at = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1, at += 1) {
        data[at] = value(x, y, at);
      }
    }
    return { data, width, height };
  };
  const mapped = (image, value) => ({ ...image, data: image.data.map(value) });
  const turned = ({ data, width, height }) =>
    make(height, width, (x, y) => data[x * width + y]);
  const sum = (values) => values.reduce((a, b) => a + b, 0);

  // Of red, green, blue and opacity, as a canvas has them, seen on white paper.
  const grey = ({ data, width, height }) =>
    make(width, height, (x, y, at) => {
      const [red, green, blue] = [0, 1, 2].map((part) => {
        const opacity = data[4 * at + 3];
        return Math.floor((data[4 * at + part] * opacity + 255 * (255 - opacity) + 127) / 255);
      });
      return Math.floor((299 * red + 587 * green + 114 * blue + 500) / 1000);
    });

  const blocks = ({ data, width, height }, size) =>
    make(Math.floor(width / size), Math.floor(height / size), (x, y) => {
      let total = 0;
      for (let row = y * size; row < (y + 1) * size; row += 1) {
        for (let at = row * width + x * size; at < row * width + (x + 1) * size; at += 1) {
          total += data[at];
        }
      }
      return Math.floor((total + Math.floor(size ** 2 / 2)) / size ** 2);
    });

  // Downwards; lines between those that are there.
  const stretched = ({ data, width, height }, times) =>
    make(width, height * times, (x, y) => {
      const at = Math.min(Math.max(2 * y + 1 - times, 0), 2 * times * (height - 1));
      const [row, part] = [Math.floor(at / (2 * times)), at % (2 * times)];
      const below = Math.min(row + 1, height - 1);
      const mixed = data[row * width + x] * (2 * times - part) + data[below * width + x] * part;
      return Math.floor((mixed + times) / (2 * times));
    });

  const workingSize = (image) => {
    const longer = Math.max(image.width, image.height);
    if (longer > LARGEST) {
      return blocks(image, Math.ceil(longer / LARGEST));
    }
    const times = Math.ceil(SMALLEST / longer);
    return times > 1 ? turned(stretched(turned(stretched(image, times)), times)) : image;
  };

  // Means over the square windows that reach so far and end at the rim, by `rounded`.
  const means = ({ data, width, height }, reach, rounded) => {
    const wide = width + 1;
    const sums = new Float64Array(wide * (height + 1));
    data.forEach((value, at) => {
      const place = (Math.floor(at / width) + 1) * wide + (at % width) + 1;
      sums[place] = value + sums[place - 1] + sums[place - wide] - sums[place - wide - 1];
    });
    return make(width, height, (x, y) => {
      const [left, right] = [Math.max(x - reach, 0), Math.min(x + reach + 1, width)];
      const [top, bottom] = [Math.max(y - reach, 0), Math.min(y + reach + 1, height)];
      const total =
        sums[bottom * wide + right] - sums[top * wide + right] -
        sums[bottom * wide + left] + sums[top * wide + left];
      return rounded(total, (right - left) * (bottom - top));
    });
  };

  const leastDown = ({ data, width, height }, reach) => {
    let [now, rows] = [new Float64Array(width * (height + 2 * reach)).fill(256), 1];
    now.set(data, width * reach);
    while (rows < 2 * reach + 1) {
      const step = Math.min(rows, 2 * reach + 1 - rows);
      const next = new Float64Array(now.length - step * width);
      for (let at = 0; at < next.length; at += 1) {
        next[at] = Math.min(now[at], now[at + step * width]);
      }
      [now, rows] = [next, rows + step];
    }
    return { data: now, width, height };
  };
  const least = (image, reach) => turned(leastDown(turned(leastDown(image, reach)), reach));

  // How far pixels stand out from the ground: less an opening, with ink turned bright.
  const withoutGround = (image) => {
    const { width, height } = image;
    const flipped = (picture) => mapped(picture, (value) => 255 - value);
    const around = means(image, Math.floor(Math.max(width, height) / 4), (a, b) =>
      Math.floor(a / b),
    );
    const skew = sum(image.data.map((value, at) => (value - around.data[at]) ** 3));
    const bright = skew < 0 ? flipped(image) : image;
    const reach = Math.max(Math.floor(Math.min(width, height) / 6), 1);
    const ground = flipped(least(flipped(least(bright, reach)), reach));
    return mapped(bright, (value, at) => value - ground.data[at]);
  };

  const inked = (contrast) => {
    const counts = new Float64Array(256);
    contrast.data.forEach((value) => {
      counts[value] += 1;
    });
    const [n, all] = [contrast.data.length, sum(counts.map((count, value) => count * value))];
    let best = { apart: -1 };
    let [below, total] = [0, 0];
    for (let threshold = 0; threshold < 256; threshold += 1) {
      below += counts[threshold];
      total += counts[threshold] * threshold;
      const above = n - below;
      const mean = total / Math.max(below, 1);
      const gap = (all - total) / Math.max(above, 1) - mean;
      const apart = below * above * gap ** 2;
      if (apart > best.apart) {
        best = { apart, threshold, below, above, mean, gap };
      }
    }
    let spread = 0;
    for (let value = 0; value <= best.threshold; value += 1) {
      spread += counts[value] * (value - best.mean) ** 2;
    }
    const fewest = Math.max(FAINTEST, 4 * Math.sqrt(spread / best.below));
    if (best.gap < fewest || best.above > TOO_MUCH * n) {
      throw new Error(NO_DIGIT);
    }
    return mapped(contrast, (value) => Number(value > best.threshold));
  };

  const boxOf = ({ data, width }, is = (value) => value > 0) => {
    const box = { left: Infinity, right: 0, top: Infinity, bottom: 0 };
    data.forEach((value, at) => {
      if (is(value)) {
        const [x, y] = [at % width, Math.floor(at / width)];
        box.left = Math.min(box.left, x);
        box.right = Math.max(box.right, x + 1);
        box.top = Math.min(box.top, y);
        box.bottom = Math.max(box.bottom, y + 1);
      }
    });
    return box;
  };
  const cropped = (ink) => {
    const { left, right, top, bottom } = boxOf(ink);
    return make(right - left, bottom - top, (x, y) => ink.data[(y + top) * ink.width + x + left]);
  };

  const AROUND = [[0, -1], [1, -1], [1, 0], [1, 1], [0, 1], [-1, 1], [-1, 0], [-1, -1]];
  const neighbours = ({ data, width, height }, x, y) =>
    AROUND.map(([dx, dy]) => {
      const inside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
      return inside ? data[(y + dy) * width + x + dx] : 0;
    });

  // The connected parts: their numbers for each pixel, from 1 on.
  const partsOf = ({ data, width, height }) => {
    const labels = new Float64Array(data.length);
    let count = 0;
    for (let start = 0; start < data.length; start += 1) {
      if (data[start] && !labels[start]) {
        count += 1;
        labels[start] = count;
        const open = [start];
        while (open.length) {
          const at = open.pop();
          const [x, y] = [at % width, Math.floor(at / width)];
          for (const [dx, dy] of AROUND) {
            const next = at + dy * width + dx;
            if (x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height) {
              if (data[next] && !labels[next]) {
                labels[next] = count;
                open.push(next);
              }
            }
          }
        }
      }
    }
    return { labels: { data: labels, width, height }, count };
  };

  // Without specks, and without what comes in from the rim where something else is left.
  const oneDigit = (ink) => {
    const { labels, count } = partsOf(ink);
    const { width, height } = ink;
    const whole = new Array(count + 1).fill(0);
    const atRim = new Set();
    labels.data.forEach((part, at) => {
      const [x, y] = [at % width, Math.floor(at / width)];
      whole[part] += 1;
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) {
        atRim.add(part);
      }
    });
    whole[0] = 0;
    const inside = whole.map((area, part) => (atRim.has(part) ? 0 : area));
    const areas = Math.max(...inside) * 8 >= Math.max(...whole) ? inside : whole;
    const largest = Math.max(...areas);
    const kept = [...areas.keys()].filter((part) => areas[part] * 16 >= largest);
    const boxes = kept.map((part) => boxOf(labels, (value) => value === part));
    const spans = [["top", "bottom"], ["left", "right"]];
    for (const [[low, high], [first, last]] of [spans, [...spans].reverse()]) {
      const longest = Math.max(...boxes.map((box) => box[last] - box[first]));
      const tall = boxes.filter((box) => (box[last] - box[first]) * 2 >= longest);
      if (tall.some((one) => tall.some((two) => (one[low] - two[high]) * 10 > longest))) {
        throw new Error(SEVERAL);
      }
    }
    const chosen = new Set(kept);
    return mapped(labels, (part) => Number(chosen.has(part)));
  };

  const padded = (ink, by) =>
    make(ink.width + 2 * by, ink.height + 2 * by, (x, y) => {
      const inside = x >= by && y >= by && x < ink.width + by && y < ink.height + by;
      return inside ? ink.data[(y - by) * ink.width + x - by] : 0;
    });

  const grown = (ink, every) =>
    make(ink.width, ink.height, (x, y, at) =>
      Number(ink.data[at] || neighbours(ink, x, y).some((value, k) => k % every === 0 && value)),
    );

  const peeled = (ink) => {
    let left = ink;
    for (const first of [true, false]) {
      const now = left;
      left = make(ink.width, ink.height, (x, y, at) => {
        if (!now.data[at]) {
          return 0;
        }
        const near = neighbours(now, x, y);
        const rises = near.filter((value, k) => !value && near[(k + 1) % 8]).length;
        const [north, , east, , south, , west] = near;
        const free = first
          ? !(north && east && south) && !(east && south && west)
          : !(north && east && west) && !(north && south && west);
        return Number(!(sum(near) >= 2 && sum(near) <= 6 && rises === 1 && free));
      });
    }
    return left;
  };

  const withPen = (ink) => {
    const longer = Math.max(ink.width, ink.height);
    let rim = 0;
    ink.data.forEach((value, at) => {
      const near = value ? neighbours(ink, at % ink.width, Math.floor(at / ink.width)) : [];
      rim += near.filter((beside, k) => k % 2 === 0 && !beside).length;
    });
    const width = (8 * sum(ink.data)) / (Math.PI * rim);
    for (const [pen, sign] of [[FINE, 1], [BROAD, -1]]) {
      const layers = Math.floor((sign * (pen * longer - BOX * width)) / (2 * (BOX - pen)) + 0.5);
      if (layers > 0) {
        let redrawn = padded(ink, layers);
        for (let layer = 0; layer < layers; layer += 1) {
          redrawn = sign === 1 ? grown(redrawn, 1 + (layer % 2)) : peeled(redrawn);
        }
        return cropped(redrawn);
      }
    }
    return ink;
  };

  // How much of each pixel lies in each of MNIST's: rows of `length` numbers.
  const overlaps = (length, start, longer) =>
    Array.from({ length: SIDE }, (_, k) =>
      Float64Array.from({ length }, (_, i) => {
        const pixel = start + BOX * i;
        const shared =
          Math.min(pixel + BOX, (k + 1) * longer) - Math.max(pixel, k * longer);
        return Math.max(shared, 0);
      }),
    );

  // The share of each of MNIST's pixels that ink covers: box of 20, centre of mass at 14.5.
  const placed = ({ data, width, height }) => {
    const longer = Math.max(width, height);
    const area = sum(data);
    const start = (place) => {
      const moment = sum(data.map((value, at) => value * (2 * place(at) + 1)));
      const middle = Math.floor((2 * CENTRE * longer * area) / 2) - Math.floor((BOX * moment) / 2);
      return Math.floor(middle / area);
    };
    const across = overlaps(width, start((at) => at % width), longer);
    const down = overlaps(height, start((at) => Math.floor(at / width)), longer);
    const digit = new Float64Array(SIDE * SIDE);
    for (let y = 0; y < height; y += 1) {
      const row = across.map((part) => {
        let covered = 0;
        for (let x = 0; x < width; x += 1) {
          covered += part[x] * data[y * width + x];
        }
        return covered;
      });
      down.forEach((part, k) => {
        if (part[y]) {
          row.forEach((covered, j) => {
            digit[k * SIDE + j] += part[y] * covered;
          });
        }
      });
    }
    return digit.map((value) => value / longer ** 2);
  };

  // A picture as a canvas gives it, on each step of its way.
  const read = (picture) => {
    if (Math.min(picture.width, picture.height) < 8) {
      throw new Error("the picture is too small");
    }
    const steps = { grey: workingSize(grey(picture)) };
    const smooth = means(steps.grey, 1, (a, b) => Math.floor((a + Math.floor(b / 2)) / b));
    steps.contrast = withoutGround(smooth);
    steps.ink = oneDigit(inked(steps.contrast));
    steps.boxed = withPen(cropped(steps.ink));
    return { ...steps, digit: placed(steps.boxed) };
  };

  window.digitHandwriting = { read };
})();
