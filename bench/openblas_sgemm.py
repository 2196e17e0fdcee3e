#!/usr/bin/env python3
"""Y = X·Wᵀ in single precision by the OpenBLAS that NumPy's wheel contains: GFLOP/s per size, the best of a few samples, as JSON.

OPENBLAS_CORETYPE is unset first, so that OpenBLAS picks the kernel for this processor by itself; the pick is printed.

    python bench/openblas_sgemm.py --threads 1 --sizes 256,512,1024
"""
import argparse
import ctypes
import glob
import json
import os
import time

p = argparse.ArgumentParser()
p.add_argument("--threads", type=int, default=1)
p.add_argument("--sizes", default="64,128,256,512,1024,2048", help="edge lengths, or m.n.k")
a = p.parse_args()
os.environ.pop("OPENBLAS_CORETYPE", None)
# Read when the library is loaded.
os.environ["OPENBLAS_NUM_THREADS"] = str(a.threads)
import numpy as np  # noqa: E402


def core():
    """The processor type that OpenBLAS found."""
    for path in glob.glob(os.path.join(os.path.dirname(np.__file__), "..", "numpy.libs", "*openblas*")):
        library = ctypes.CDLL(path)
        for name in ("scipy_openblas_get_corename64_", "openblas_get_corename64_", "scipy_openblas_get_corename", "openblas_get_corename"):
            if hasattr(library, name):
                f = getattr(library, name)
                f.restype = ctypes.c_char_p
                return f().decode()
    return "unknown"


def gflops(m, n, k):
    x = np.full((m, k), 0.5, np.float32)
    w = np.full((n, k), 0.25, np.float32)
    y = np.empty((m, n), np.float32)
    np.matmul(x, w.T, out=y)
    start = time.perf_counter()
    calls = 0
    while time.perf_counter() - start < 0.15:
        np.matmul(x, w.T, out=y)
        calls += 1
    calls = max(1, calls // 10)
    samples = []
    for _ in range(9):
        start = time.perf_counter()
        for _ in range(calls):
            np.matmul(x, w.T, out=y)
        samples.append((time.perf_counter() - start) / calls)
    return 2e-9 * m * n * k / min(samples)


rows = []
for size in a.sizes.split(","):
    mnk = [int(s) for s in size.split(".")]
    m, n, k = mnk * 3 if len(mnk) == 1 else mnk
    rows.append({"m": m, "n": n, "k": k, "gflops": gflops(m, n, k)})
print(json.dumps({"library": f"OpenBLAS in numpy {np.__version__}", "core": core(), "threads": a.threads, "sgemm": rows}, indent=1))
