// The formulas behind the figures, as on the pages. A test runs this file and compares every value with the Java classes'.
'use strict';
const Formulas = {
  // Everything on a weight of two entries. g: gradients, w: ΔW, m: eigenvectors kept, diagonal: H = diag F instead of the identity.
  // F is divided by its trace; E_RM has β = 0 and is a sum; E_geo is taken in the metric diag F.
  plane: function (s) {
    let xx = 0, xy = 0, yy = 0;
    s.g.forEach(function (g) { xx += g[0] * g[0]; xy += g[0] * g[1]; yy += g[1] * g[1]; });
    const trace = xx + yy;
    xx /= trace; xy /= trace; yy /= trace;
    const root = Math.sqrt((xx - yy) * (xx - yy) + 4 * xy * xy);
    const lambda = [(1 + root) / 2, Math.max(0, (1 - root) / 2)];
    const turn = 0.5 * Math.atan2(2 * xy, xx - yy);
    const u = [[Math.cos(turn), Math.sin(turn)], [-Math.sin(turn), Math.cos(turn)]];
    const c = u.map(function (v) { return v[0] * s.w[0] + v[1] * s.w[1]; });
    const dA = [0, 0];
    let lA = 0;
    for (let k = 0; k < s.m; k++) {
      dA[0] += c[k] * u[k][0];
      dA[1] += c[k] * u[k][1];
      lA += lambda[k] * c[k] * c[k];
    }
    const dT = [s.w[0] - dA[0], s.w[1] - dA[1]];
    const h = s.diagonal ? [xx, yy] : [1, 1];
    return {
      F: [xx, xy, yy], lambda: lambda, u: u, c: c, dA: dA, dT: dT, h: h, L_A: lA,
      L_T: h[0] * dT[0] * dT[0] + h[1] * dT[1] * dT[1],
      E_RM: Math.abs(dA[0] * dT[0]) + Math.abs(dA[1] * dT[1]),
      E_geo: Formulas.angle({ a: dA, t: dT, metric: [xx, yy], epsilon: 1e-12 }).E_geo
    };
  },

  // The angle between two parts in a metric with two entries.
  angle: function (s) {
    const inner = function (x, y) { return s.metric[0] * x[0] * y[0] + s.metric[1] * x[1] * y[1]; };
    const q = inner(s.a, s.t), p = inner(s.a, s.a), u = inner(s.t, s.t);
    return { q: q, p: p, u: u, E_geo: q * q / (p * u + s.epsilon) };
  },

  eta: function (w, s) { return 1 + s.beta / (1 + Math.exp(-s.kappa * (Math.abs(w) - s.tau))); },

  // η of each entry and E_RM, the mean.
  scale: function (s) {
    const eta = s.a.map(function (a, i) { return Formulas.eta(a + s.t[i], s); });
    let sum = 0;
    eta.forEach(function (h, i) { sum += h * Math.abs(s.a[i] * s.t[i]); });
    return { eta: eta, E_RM: sum / eta.length };
  },

  // L = (x σ(w x + b))²: values and gradients of w, x, b, u, v, s, p, L.
  tape: function (n) {
    const u = n.w * n.x, v = u + n.b, s = 1 / (1 + Math.exp(-v)), p = n.x * s;
    const gp = 2 * p, gs = gp * n.x, gv = gs * s * (1 - s);
    return { values: [n.w, n.x, n.b, u, v, s, p, p * p], gradients: [gv * n.x, gp * s + gv * n.w, gv, gv, gv, gs, gp, 1] };
  },

  // Causal attention of three tokens with two entries each: weights P and outputs o.
  attention: function (s) {
    const P = [], o = [];
    for (let i = 0; i < 3; i++) {
      // let, not const: the test's interpreter makes a constant of a loop once only.
      let e = [], sum = 0;
      for (let j = 0; j < 3; j++) {
        e.push(j > i ? 0 : Math.exp((s.q[2 * i] * s.k[2 * j] + s.q[2 * i + 1] * s.k[2 * j + 1]) / Math.sqrt(2)));
        sum += e[j];
      }
      for (let j = 0; j < 3; j++) P.push(e[j] / sum);
      for (let d = 0; d < 2; d++) o.push((e[0] * s.v[d] + e[1] * s.v[2 + d] + e[2] * s.v[4 + d]) / sum);
    }
    return { P: P, o: o };
  },

  softmax: function (z) {
    const max = Math.max.apply(null, z), e = z.map(function (v) { return Math.exp(v - max); });
    const sum = e.reduce(function (a, b) { return a + b; }, 0);
    return e.map(function (v) { return v / sum; });
  },

  // The loss of one token and its gradient.
  tokens: function (s) {
    const p = Formulas.softmax(s.z);
    return { p: p, loss: -Math.log(p[s.target]), gradient: p.map(function (v, i) { return v - (i === s.target ? 1 : 0); }) };
  },

  // One parameter under AdamW without decay.
  adam: function (s) {
    const path = [s.p];
    let m = 0, v = 0;
    s.gradients.forEach(function (g, t) {
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      path.push(path[t] - s.rate * (m / (1 - Math.pow(0.9, t + 1))) / (Math.sqrt(v / (1 - Math.pow(0.999, t + 1))) + 1e-8));
    });
    return { path: path };
  },

  kl: function (s) {
    const p = Formulas.softmax(s.base), q = Formulas.softmax(s.tuned);
    let kl = 0;
    p.forEach(function (v, i) { kl += v * Math.log(v / q[i]); });
    return { p: p, q: q, kl: kl, gradient: q.map(function (v, i) { return v - p[i]; }) };
  },

  // Drift in points of n independent prompts and the 95 % interval for a difference of paired shares.
  drift: function (s) {
    const mean = (s.lost - s.gained) / s.n, changed = (s.lost + s.gained) / s.n, middle = mean * s.n / (s.n + 2);
    const half = s.quantile * Math.sqrt(((changed * s.n + 2) / (s.n + 2) - middle * middle) / (s.n + 2));
    return { drift: 100 * mean, low: 100 * Math.max(-1, middle - half), high: 100 * Math.min(1, middle + half) };
  },

  // An operation on one number and its derivative; Gelu by tanh, as in the models.
  slope: function (s) {
    const x = s.x, e = Math.exp(x), sigma = 1 / (1 + Math.exp(-x)), c = Math.sqrt(2 / Math.PI);
    const inner = Math.tanh(c * (x + 0.044715 * x * x * x));
    return {
      Sigmoid: { y: sigma, slope: sigma * (1 - sigma) },
      Tanh: { y: Math.tanh(x), slope: 1 - Math.tanh(x) * Math.tanh(x) },
      Silu: { y: x * sigma, slope: sigma * (1 + x * (1 - sigma)) },
      Gelu: { y: 0.5 * x * (1 + inner), slope: 0.5 * (1 + inner) + 0.5 * x * (1 - inner * inner) * c * (1 + 3 * 0.044715 * x * x) },
      Relu: { y: Math.max(0, x), slope: x > 0 ? 1 : 0 },
      Abs: { y: Math.abs(x), slope: Math.sign(x) },
      Square: { y: x * x, slope: 2 * x },
      Exp: { y: e, slope: e }
    }[s.operation];
  },

  // ΔW = s·B·A, (4, 5).
  rank: function (s) {
    const w = [];
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 5; j++) {
        let sum = 0;
        for (let k = 0; k < s.r; k++) sum += s.b[i * s.r + k] * s.a[k * 5 + j];
        w.push(s.scale * sum);
      }
    }
    return { w: w };
  }
};

// The largest |JavaScript − Java| / max(|Java|, 1) over all cases and values; NaN counts as the largest.
function largestFigureDifference(formula, cases) {
  let largest = 0;
  cases.forEach(function (one) {
    const here = formula(one.in);
    Object.keys(one.java).forEach(function (name) {
      const java = [].concat(one.java[name]), script = [].concat(here[name]);
      java.forEach(function (v, i) {
        const difference = Math.abs(script[i] - v) / Math.max(Math.abs(v), 1);
        if (!(difference <= largest)) largest = difference;
      });
    });
  });
  return largest;
}
