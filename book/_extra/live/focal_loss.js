// The focal loss of a single example, its slopes and what it wants: the formulas of the chapter
// "Losses", without any drawing. `alpha` weighs the positives (label 1), 1 - alpha the negatives;
// gamma = 0 leaves weighted cross-entropy.
(() => {
  "use strict";

  // The exponential of -|z| only, as in mnist_gd.activations: nothing overflows.
  const sigmoid = (z) => {
    const e = Math.exp(-Math.abs(z));
    return (z >= 0 ? 1 : e) / (1 + e);
  };
  const logit = (p) => Math.log(p / (1 - p));
  const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))); // log(1 + e^z)

  const weight = (label, alpha) => (label === 1 ? alpha : 1 - alpha);

  // Against the probability: equations eq-focal and eq-focal-gradient.
  const onProbability = {
    loss: (p, label, alpha, gamma) => {
      const likely = label === 1 ? p : 1 - p;
      return -weight(label, alpha) * (1 - likely) ** gamma * Math.log(likely);
    },
    slope: (p, label, alpha, gamma) => {
      const likely = label === 1 ? p : 1 - p;
      const focus = gamma ? gamma * (1 - likely) ** (gamma - 1) * Math.log(likely) : 0;
      const slope = weight(label, alpha) * (focus - (1 - likely) ** gamma / likely);
      return label === 1 ? slope : -slope;
    },
  };

  // Against the logit: equations eq-focal-logits and eq-focal-logits-gradient.
  const onLogit = {
    loss: (z, label, alpha, gamma) => {
      const u = label === 1 ? z : -z;
      return weight(label, alpha) * sigmoid(-u) ** gamma * softplus(-u);
    },
    slope: (z, label, alpha, gamma) => {
      const u = label === 1 ? z : -z;
      const [right, wrong] = [sigmoid(u), sigmoid(-u)];
      const slope = -weight(label, alpha) * wrong ** gamma * (wrong + gamma * right * softplus(-u));
      return label === 1 ? slope : -slope;
    },
  };

  // The share of positives for which the answer with the logit z is best, eq-focal-stationary:
  // there the slopes, weighed by how often each label occurs, cancel.
  const honestShare = (z, alpha, gamma) => {
    const yes = -onLogit.slope(z, 1, alpha, gamma);
    const no = onLogit.slope(z, 0, alpha, gamma);
    return no / (yes + no);
  };

  // The best answer to a share, by halving: the share rises with the answer.
  const bestAnswer = (share, alpha, gamma) => {
    if (alpha === 0 || alpha === 1) {
      return alpha; // one label costs nothing
    }
    let [low, high] = [-40, 40];
    for (let half = 0; half < 60; half += 1) {
      const middle = (low + high) / 2;
      [low, high] = honestShare(middle, alpha, gamma) < share ? [middle, high] : [low, middle];
    }
    return sigmoid((low + high) / 2);
  };

  window.focalLoss = { sigmoid, logit, onProbability, onLogit, honestShare, bestAnswer };
})();
