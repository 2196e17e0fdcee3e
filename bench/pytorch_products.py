#!/usr/bin/env python3
"""The matrix products with frozen weights of one training step of `pytorch_step.py`, and nothing else: forward and the gradient of the input, layer after
layer, then the head. What is left of PyTorch's step when everything but its products is free. Prints one JSON object.

    python bench/pytorch_products.py --shape smollm135M --batch 2 --tokens 256 --threads 2
"""
import argparse
import json
import statistics
import time

import torch

from pytorch_step import SHAPES

p = argparse.ArgumentParser()
p.add_argument("--shape", choices=SHAPES, default="smollm135M")
p.add_argument("--batch", type=int, default=2)
p.add_argument("--tokens", type=int, default=256)
p.add_argument("--threads", type=int, default=2)
p.add_argument("--steps", type=int, default=8)
a = p.parse_args()
torch.set_num_threads(a.threads)
hidden, layers, heads, kv, inter, vocab = SHAPES[a.shape]
narrow = hidden // heads * kv
# (out, in) of q, k, v, o, gate, up, down.
sizes = [(hidden, hidden), (narrow, hidden), (narrow, hidden), (hidden, hidden), (inter, hidden), (inter, hidden), (hidden, inter)]
weights = [torch.rand(size) for _ in range(layers) for size in sizes] + [torch.rand(vocab, hidden)]
rows = a.batch * a.tokens
inputs = {n: torch.rand(rows, n) for n in {n for w in weights for n in w.shape}}
gflop = sum(4e-9 * rows * w.numel() for w in weights)
times = []
with torch.no_grad():
    for i in range(2 + a.steps):
        start = time.perf_counter()
        for w in weights:
            inputs[w.shape[1]] @ w.T
        for w in reversed(weights):
            inputs[w.shape[0]] @ w
        if i >= 2:
            times.append(time.perf_counter() - start)
median = statistics.median(times)
print(json.dumps({"shape": a.shape, "batch": a.batch, "tokens": a.tokens, "threads": a.threads, "gflop": gflop, "median_s": median,
                  "gflops": gflop / median, "times_s": times}, indent=1))
