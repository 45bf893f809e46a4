// What a threshold makes of scores: the formulas of the chapter "Metrics", without any drawing.
// Scores come as two histograms, counts by thousandths of the score: `fours[k]` of the fours
// have a score in [k, k + 1) thousandths, `others[k]` of the other digits.
(() => {
  "use strict";

  // How many lie at level k or above, for each k: they are answered "4".
  const fromAbove = (counts) => {
    const sums = new Array(counts.length);
    let sum = 0;
    for (let k = counts.length - 1; k >= 0; k -= 1) {
      sum += counts[k];
      sums[k] = sum;
    }
    return sums;
  };

  // A share of nothing is 0, as in mnist_gd.metrics.
  const share = (part, whole) => (whole === 0 ? 0 : part / whole);

  // The four counts and their shares: eq-accuracy, eq-precision, eq-recall, eq-specificity, eq-f1.
  const measures = (TP, FP, FN, TN) => ({
    TP, FP, FN, TN,
    accuracy: share(TP + TN, TP + FP + FN + TN),
    precision: share(TP, TP + FP),
    recall: share(TP, TP + FN),
    specificity: share(TN, TN + FP),
    f1: share(2 * TP, 2 * TP + FP + FN),
  });

  // The measures for the threshold at each level.
  const table = ({ fours, others }) => {
    const [yes, alarms] = [fromAbove(fours), fromAbove(others)];
    return yes.map((TP, k) => measures(TP, alarms[k], yes[0] - TP, alarms[0] - alarms[k]));
  };

  // One half, the best F1, and half of the best F1 (thm-best-threshold), as levels.
  const marks = (rows) => {
    const best = rows.reduce((top, row, k) => (row.f1 > rows[top].f1 ? k : top), 0);
    return { half: 500, best, theory: Math.round(500 * rows[best].f1) };
  };

  // A histogram in fewer, wider bins.
  const coarse = (counts, width) =>
    Array.from({ length: Math.ceil((counts.length - 1) / width) }, (_, bin) => {
      const last = (bin + 1) * width >= counts.length - 1; // the score 1 falls into the last
      const part = counts.slice(bin * width, last ? counts.length : (bin + 1) * width);
      return part.reduce((sum, count) => sum + count, 0);
    });

  window.threshold = { measures, table, marks, coarse };
})();
