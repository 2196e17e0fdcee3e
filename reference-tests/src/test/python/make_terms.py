"""Expected numbers for `agl terms`, by numpy's dense eigendecomposition and torch's autograd in double.

Written from the formulas, not from the Java code: F is formed whole, (out*in, out*in), and the projector is a matrix.

    python make_terms.py > ../resources/terms.json
"""
import json

import numpy as np
import torch

torch.set_default_dtype(torch.float64)


def subspace(G, backend, m, energy=0):
    """Eigenvalues (falling) and eigenvectors (columns) of the backend's approximation of F, not normalised."""
    N, out, inn = G.shape
    if backend == "exact":
        g = G.reshape(N, -1)
        values, vectors = np.linalg.eigh(g.T @ g / N)
    elif backend == "diagonal":
        values = (G.reshape(N, -1) ** 2).mean(0)
        vectors = np.eye(out * inn)
    else:
        _, P = np.linalg.eigh(np.einsum("nij,nkj->ik", G, G) / N)
        _, Q = np.linalg.eigh(np.einsum("nij,nik->jk", G, G) / N)
        values = (np.einsum("nij,ia,jb->nab", G, P, Q) ** 2).mean(0).reshape(-1)
        vectors = np.einsum("ia,jb->ijab", P, Q).reshape(out * inn, -1)
    order = np.argsort(-values)
    order = order[values[order] > 1e-10 * values.max()]
    trace = (G ** 2).sum() / N
    if energy:
        m = int(np.searchsorted(np.cumsum(values[order]), energy * trace)) + 1
    norms = {"none": 1.0, "trace": trace, "mean_trace": trace, "max": values.max()}
    return values[order[:m]], vectors[:, order[:m]], norms


def terms(p):
    o = p["options"]
    G = np.array(p["gradients"])
    N, out, inn = G.shape
    values, vectors, norms = subspace(G, o["backend"], p["m"] or min(128, N), o.get("energy", 0))
    scale = norms[o["fisher_norm"]] or 1.0
    lam = torch.tensor(values / scale)
    U = torch.tensor(vectors)
    diagF = torch.tensor((G ** 2).mean(0) / scale)
    A = torch.tensor(p["A"], requires_grad=True)
    B = torch.tensor(p["B"], requires_grad=True)
    R = p["scale"] * B @ A
    r = o.get("alignment_rank", 0)
    if r:
        a, t = p["scale"] * B[:, :r] @ A[:r], p["scale"] * B[:, r:] @ A[r:]
    else:
        a = (U @ (U.T @ R.reshape(-1))).reshape(out, inn)
        t = R - a
    seen = a if o.get("alignment_reach") == "branch" else R
    L_A = (lam * (U.T @ seen.reshape(-1)) ** 2).sum()
    H = diagF if o["H"] == "diag_fisher" else torch.ones_like(R)
    L_T = (H * t * t).sum()
    eta = 1 + o["beta"] * torch.sigmoid(o["kappa"] * (R.abs() - o["tau"]))
    product = {"absolute": (a * t).abs(), "signed": a * t, "squared": (a * t) ** 2}[o["overlap"]]
    E_RM = (eta * product).mean() if o["reduction"] == "mean" else (eta * product).sum()
    M = diagF if o["metric"] == "diag_fisher" else torch.ones_like(R)
    E_geo = (M * a * t).sum() ** 2 / ((M * a * a).sum() * (M * t * t).sum() + o["epsilon"])
    total = o["lambda_A"] * L_A + o["lambda_T"] * L_T + o["lambda_NC"] * (o["alpha"] * E_RM + (1 - o["alpha"]) * E_geo)
    total.backward()
    lists = lambda x: x.detach().numpy().tolist()
    return {"eigenvalues": lists(lam), "delta_W": lists(R), "delta_A": lists(a), "delta_T": lists(t), "L_A": L_A.item(), "L_T": L_T.item(),
            "E_RM": E_RM.item(), "E_geo": E_geo.item(), "total": total.item(), "grad_A": lists(A.grad), "grad_B": lists(B.grad)}


def main():
    rng = np.random.default_rng(20250801)
    base = {"lambda_A": 0.25, "lambda_T": 0.5, "lambda_NC": 0.1, "alpha": 0.5, "beta": 4.0, "kappa": 1.0, "tau": 0.01, "epsilon": 1e-12,
            "reduction": "mean", "overlap": "absolute", "metric": "euclidean", "H": "identity", "fisher_norm": "trace", "backend": "exact"}
    changes = [{}, {"backend": "kfac"}, {"backend": "diagonal"}, {"fisher_norm": "none"}, {"fisher_norm": "max"}, {"metric": "diag_fisher"},
               {"H": "diag_fisher"}, {"reduction": "sum", "overlap": "signed", "kappa": 7.0}, {"overlap": "squared", "beta": 2.0, "tau": 0.5},
               {"backend": "kfac", "metric": "diag_fisher", "H": "diag_fisher", "fisher_norm": "max", "lambda_NC": 3.0, "reduction": "sum"},
               {"alignment_rank": 1}, {"alignment_rank": 1, "alignment_reach": "branch", "metric": "diag_fisher", "lambda_NC": 2.0}]
    shapes = [(3, 4, 2, 5, 2), (5, 3, 2, 4, 3), (2, 7, 3, 6, 4), (4, 4, 2, 1, 2)]
    cases = []
    for i, change in enumerate(changes):
        for out, inn, r, N, m in (shapes[i % 4], shapes[(i + 1) % 4]):
            size = 10.0 ** -rng.integers(0, 3)
            p = {"A": rng.normal(size=(r, inn)).tolist(), "B": (size * rng.normal(size=(out, r))).tolist(), "scale": 2.0,
                 "gradients": rng.normal(size=(N, out, inn)).tolist(), "m": m, "options": {**base, **change}}
            cases.append({"input": p, "expected": terms(p)})
    cases += [random_case(rng, base, backend) for backend in ("exact", "kfac", "diagonal") for _ in range(24)]
    print(json.dumps(cases))


def random_case(rng, base, backend):
    """All options drawn independently of one another; sizes from 1 on; now and then an update or gradients of zero."""
    pick = lambda *of: of[rng.integers(len(of))]
    out, inn, r, N = (int(rng.integers(1, n)) for n in (7, 7, 4, 6))
    number = lambda low, high: round(float(rng.uniform(low, high)), 3)
    options = {**base, "backend": backend, "lambda_A": number(0, 3), "lambda_T": number(0, 3), "lambda_NC": number(0, 3), "alpha": pick(0.0, 1.0, number(0, 1)),
               "beta": number(0, 6), "kappa": pick(1.0, number(0, 100)), "tau": number(0, 0.5), "epsilon": pick(1e-12, 1e-3),
               "reduction": pick("mean", "sum"), "overlap": pick("absolute", "signed", "squared"), "metric": pick("euclidean", "diag_fisher"),
               "H": pick("identity", "diag_fisher"), "fisher_norm": pick("none", "trace", "mean_trace", "max"), "energy": pick(0.0, 0.0, 0.5, 0.9)}
    if r > 1 and rng.integers(3) == 0:
        options.update(alignment_rank=int(rng.integers(1, r)), alignment_reach=pick("update", "branch"))
    matrix = lambda scale, *shape: np.round(scale * rng.normal(size=shape), 4).tolist()
    p = {"A": matrix(1, r, inn), "B": matrix(pick(0.0, 0.01, 1.0, 1.0), out, r), "scale": number(0.1, 3),
         "gradients": matrix(pick(0.0, 1.0, 1.0, 1.0, 1.0, 1.0), N, out, inn), "m": int(rng.integers(0, 6)), "options": options}
    return {"input": p, "expected": terms(p)}


main()
