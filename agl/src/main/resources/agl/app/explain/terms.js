// AGL's terms on one small matrix, computed as in the Java classes Decomposition, FisherAlignment, TaskStability, RiemannianOverlap,
// GeodesicOverlap. Matrices are flat arrays, row by row. A test runs this file and compares every number with Java's.
'use strict';

// problem: out, in, rank, loraAlpha, A (rank, in), B (out, rank), exact and diagonal: {u: eigenvectors, lambda}, diagF
// settings: r, m, beta, kappa, tau, alpha, size, subspace ('exact', 'diagonal' or 'branches'), metric ('euclidean' or 'diag_fisher')
function aglTerms(problem, settings) {
  const entries = problem.out * problem.in;
  const s = settings.size * problem.loraAlpha / settings.r;
  const branches = settings.subspace === 'branches';
  const basis = settings.subspace === 'diagonal' ? problem.diagonal : problem.exact;
  const m = Math.min(settings.m, basis.u.length);

  // ΔW = s·B·A with the first r columns of B and rows of A
  const deltaW = product(problem, 0, settings.r, s);
  // c_k = ⟨u_k, ΔW⟩ and ΔW_A = Σ c_k u_k; with branches the first rank is ΔW_A
  const c = [];
  let deltaA = zeros(entries);
  for (let k = 0; k < m; k++) {
    c.push(dot(basis.u[k], deltaW, null));
    for (let e = 0; e < entries; e++) deltaA[e] += c[k] * basis.u[k][e];
  }
  if (branches) deltaA = product(problem, 0, 1, s);
  const deltaT = branches ? product(problem, 1, settings.r, s) : deltaW.map(function (w, e) { return w - deltaA[e]; });

  let lA = 0;
  for (let k = 0; k < m; k++) lA += basis.lambda[k] * c[k] * c[k];
  const eta = deltaW.map(function (w) { return 1 + settings.beta / (1 + Math.exp(-settings.kappa * (Math.abs(w) - settings.tau))); });
  const overlap = eta.map(function (h, e) { return h * Math.abs(deltaA[e] * deltaT[e]); });
  let eRM = 0;
  for (let e = 0; e < entries; e++) eRM += overlap[e] / entries;

  const metric = settings.metric === 'diag_fisher' ? problem.diagF : null;
  const inner = dot(deltaA, deltaT, metric);
  const eGeo = inner * inner / (dot(deltaA, deltaA, metric) * dot(deltaT, deltaT, metric) + problem.epsilon);
  return {
    deltaW: deltaW, deltaA: deltaA, deltaT: deltaT, eta: eta, overlap: overlap,
    normW: Math.sqrt(dot(deltaW, deltaW, null)), normA: Math.sqrt(dot(deltaA, deltaA, null)), normT: Math.sqrt(dot(deltaT, deltaT, null)),
    innerProduct: dot(deltaA, deltaT, null),
    L_A: lA, L_T: dot(deltaT, deltaT, null), E_RM: eRM, E_geo: eGeo, collision: settings.alpha * eRM + (1 - settings.alpha) * eGeo
  };
}

// s·B[:, from … to − 1]·A[from … to − 1, :]
function product(problem, from, to, s) {
  const w = zeros(problem.out * problem.in);
  for (let i = 0; i < problem.out; i++) {
    for (let j = 0; j < problem.in; j++) {
      for (let k = from; k < to; k++) w[i * problem.in + j] += s * problem.B[i * problem.rank + k] * problem.A[k * problem.in + j];
    }
  }
  return w;
}

// ⟨x, y⟩ weighted by a metric's diagonal, or unweighted
function dot(x, y, metric) {
  let sum = 0;
  for (let e = 0; e < x.length; e++) sum += (metric === null ? 1 : metric[e]) * x[e] * y[e];
  return sum;
}

function zeros(n) {
  const x = [];
  for (let e = 0; e < n; e++) x.push(0);
  return x;
}

// The largest |JavaScript − Java| / max(|Java|, 1e-6) over all cases and terms; E_geo is a ratio and is compared directly.
function largestDifference(problem, cases) {
  let largest = 0;
  cases.forEach(function (one) {
    const here = aglTerms(problem, one.settings);
    ['L_A', 'L_T', 'E_RM', 'E_geo', 'collision', 'normW', 'normA', 'normT'].forEach(function (name) {
      const difference = Math.abs(here[name] - one.java[name]) / (name === 'E_geo' || name === 'collision' ? 1 : Math.max(Math.abs(one.java[name]), 1e-6));
      // NaN counts as the largest value.
      if (!(difference <= largest)) largest = difference;
    });
  });
  return largest;
}
