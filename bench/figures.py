#!/usr/bin/env python3
"""The tables of docs/PERFORMANCE.md and docs/performance, one command each. Ours and what it is compared with take turns in the same run, each in a process of its own.

    python bench/figures.py step                 a training step beside PyTorch's
    python bench/figures.py products             the step's products alone, beside PyTorch's and beside its whole step
    python bench/figures.py sgemm                the matrix product beside OpenBLAS
    python bench/figures.py split                how a step's time splits over the kernels
    python bench/figures.py scaling              how a step grows with tokens, layers, rank and threads
    python bench/figures.py agl                  what AGL's terms cost
    python bench/figures.py memory               peak memory of large shapes
    python bench/figures.py startup              how long `agl --help` takes

Needs target/agl.jar and a java; `step` and `products` need torch, transformers and peft, `sgemm` numpy. Under each table stands how much of the processor
other programs took meanwhile: if that is more than a few percent, measure again.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


class Machine:
    """Watches how much of the processor goes to others."""

    def __init__(self):
        self.start = self.now()

    @staticmethod
    def now():
        # user nice system idle iowait irq softirq steal
        fields = [int(x) for x in open("/proc/stat").readline().split()[1:9]]
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        tick = os.sysconf("SC_CLK_TCK")
        return time.time(), (sum(fields) - fields[3] - fields[4]) / tick, usage.ru_utime + usage.ru_stime

    def others(self):
        wall, busy, own = (b - a for a, b in zip(self.start, self.now()))
        return max(0.0, busy - own) / wall


def call(command, launcher=False):
    """Runs a program that prints JSON; with launcher, the peak memory of the starting JVM is added to that of the one it starts."""
    peak = [0.0]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)

    def watch():
        while process.poll() is None:
            try:
                for line in open(f"/proc/{process.pid}/status"):
                    if line.startswith("VmHWM"):
                        peak[0] = int(line.split()[1]) / 1024
            except OSError:
                pass
            time.sleep(0.1)

    if launcher:
        threading.Thread(target=watch, daemon=True).start()
    out, err = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {process.returncode}\n{err[-2000:]}")
    result = json.loads(out)
    if launcher and "max_rss_mb" in result:
        result["max_rss_mb"] += peak[0]
    return result


def agl(a, *words, java=()):
    return call([a.java, *java, "-jar", a.jar, "bench", *map(str, words), "--json"], launcher=True)


def other(a, script, *words):
    """The same by somebody else: a script beside this one, run by the Python that has their library."""
    return call([str(c) for c in (a.python, HERE / script, *words)])


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(c) if not isinstance(c, float) else f"{c:.0f}" if abs(c) >= 100 else f"{c:.1f}" if abs(c) >= 10 else f"{c:.2f}" if abs(c) >= 0.1 else f"{c:.3f}" for c in row) + " |")
    print()


def median(results, key):
    return statistics.median(r[key] for r in results)


def step(a):
    words = ["--shape", a.shape, "--batch", a.batch, "--tokens", a.tokens, "--steps", a.steps, "--warmup", a.warmup]
    runs, best = {}, {}
    for number in range(a.rounds):
        for dtype in a.dtypes.split(","):
            for who in ("agl", "torch"):
                # Every thread setting once, then the best of each.
                for t in a.threads.split(",") if number == 0 else [best[who, dtype]]:
                    one = [*words, "--dtype", dtype, "--threads", t]
                    result = agl(a, "step", *one) if who == "agl" else other(a, "pytorch_step.py", *one)
                    print(who, dtype, t, f"{result['median_s']:.2f} s", file=sys.stderr)
                    runs.setdefault((who, dtype, t), []).append(result)
                best[who, dtype] = max(a.threads.split(","), key=lambda t: median(runs[who, dtype, t], "tokens_per_s"))
    rows = []
    for dtype in a.dtypes.split(","):
        mine, theirs = (runs[who, dtype, best[who, dtype]] for who in ("agl", "torch"))
        for (who, d, t), results in runs.items():
            if d == dtype:
                rows.append([who, d, t, median(results, "median_s"), median(results, "cpu_s"), median(results, "tokens_per_s"), median(results, "max_rss_mb"),
                             f"{results[0]['flops_fraction_of_ceiling']:.2f}" if who == "agl" else "", ""])
        rows.append(["**agl / torch, best threads**", dtype, f"{mine[0]['threads']} / {theirs[0]['threads']}", median(mine, "median_s") / median(theirs, "median_s"), median(mine, "cpu_s") / median(theirs, "cpu_s"),
                     f"**{median(mine, 'tokens_per_s') / median(theirs, 'tokens_per_s'):.2f}**", f"**{median(mine, 'max_rss_mb') / median(theirs, 'max_rss_mb'):.2f}**", "",
                     " ".join(f"{x['tokens_per_s'] / y['tokens_per_s']:.2f}" for x, y in zip(mine, theirs))])
    print(next(r for k, r in runs.items() if k[0] == "torch")[0]["framework"], "\n")
    table(["", "frozen weights", "threads", "step, s", "processor, s", "tokens/s", "peak memory, MB", "of the ceiling", "ratio by round"], rows)


def products(a):
    words = ["--shape", a.shape, "--batch", a.batch, "--tokens", a.tokens, "--steps", a.steps]
    threads = os.cpu_count()
    ours, theirs, steps = [], [], []
    for _ in range(a.rounds):
        ours.append(agl(a, "step", *words, "--warmup", a.warmup, "--threads", threads, "--profile"))
        theirs.append(other(a, "pytorch_products.py", *words, "--threads", threads))
        steps.append(other(a, "pytorch_step.py", *words, "--warmup", a.warmup, "--threads", threads))
    mine = [r["seconds_by_kernel"]["gemm, layers"] + r["seconds_by_kernel"]["gemm, head"] for r in ours]
    bound = [y["median_s"] / x["median_s"] for x, y in zip(theirs, steps)]
    gflop = theirs[0]["gflop"]
    rows = [["agl", statistics.median(mine), gflop / statistics.median(mine), median(ours, "median_s"), statistics.median(m / o["median_s"] for m, o in zip(mine, ours))],
            ["torch", median(theirs, "median_s"), gflop / median(theirs, "median_s"), median(steps, "median_s"), statistics.median(1 / b for b in bound)]]
    print(f"{a.shape}, {a.batch} × {a.tokens} tokens, {threads} threads, {a.rounds} rounds; ceiling {ours[0]['fma_ceiling_gflops']:.0f} GFLOP/s per core\n")
    table(["", "products, s", "GFLOP/s", "whole step, s", "share of products"], rows)
    print(f"A step with PyTorch's products and nothing else would be {statistics.median(bound):.2f} times as fast as PyTorch's ({' '.join(f'{b:.2f}' for b in bound)}).")


def sgemm(a):
    sizes = [64, 128, 256, 512, 1024, 2048]
    ours, theirs, core = {}, {}, ""
    most = os.cpu_count()
    for _ in range(a.rounds):
        mine = agl(a, "--only", "sgemm", "--threads", most)
        for row in mine["sgemm"]:
            if row["form"] == "NT" and row["weights"] == "F32":
                ours.setdefault((row["m"], row["threads"]), []).append(row)
        for t in (1, most):
            blas = other(a, "openblas_sgemm.py", "--threads", t, "--sizes", ",".join(map(str, sizes)))
            core = f"{blas['library']}, kernel for {blas['core']}"
            for row in blas["sgemm"]:
                theirs.setdefault((row["m"], t), []).append(row)
    print(f"{core}; ceiling {mine['fma_ceiling_gflops']:.0f} GFLOP/s on one core, {mine['fma_ceiling_gflops_all']:.0f} on {most}\n")
    rows = []
    for size in sizes:
        for t in (1, most):
            x, y = median(ours[size, t], "gflops"), median(theirs[size, t], "gflops")
            rows.append([size, t, x, y, x / y, median(ours[size, t], "fraction_of_ceiling"), x / median(ours[size, 1], "gflops")])
    table(["size", "threads", "agl, GFLOP/s", "OpenBLAS, GFLOP/s", "agl / OpenBLAS", "agl, of the ceiling", "agl, of one thread"], rows)


def split(a):
    r = agl(a, "step", "--shape", a.shape, "--batch", a.batch, "--tokens", a.tokens, "--steps", a.steps, "--warmup", a.warmup, "--profile")
    total = sum(r["seconds_by_kernel"].values())
    rows = [[name, s * 1e3, s / total, r["gflops_by_kernel"].get(name, "")] for name, s in sorted(r["seconds_by_kernel"].items(), key=lambda e: -e[1])]
    print(f"{r['shape']}, {a.batch} × {a.tokens} tokens, {r['threads']} threads: {r['median_s']:.2f} s per step, ceiling {r['fma_ceiling_gflops']:.0f} GFLOP/s per core\n")
    table(["kernel", "ms per step", "share", "GFLOP/s"], rows)


def scaling(a):
    def run(layers=6, tokens=256, rank=8, threads=os.cpu_count(), *more):
        return agl(a, "step", "--shape", a.shape, "--layers", layers, "--batch", 1, "--tokens", tokens, "--rank", rank, "--threads", threads, "--steps", 4, "--warmup", 2, *more)

    cases = [("tokens", dict(tokens=t)) for t in (64, 256, 1024)]
    cases += [("layers", dict(layers=n)) for n in (3, 12)]
    cases += [("rank", dict(rank=r)) for r in (4, 64)]
    cases += [("threads", dict(threads=t)) for t in range(1, os.cpu_count() + 1)]
    rows = []
    for what, setting in cases:
        r = run(**setting)
        rows.append([what, setting[what], r["median_s"] * 1e3, r["cpu_s"] * 1e3, r["tokens_per_s"], r["gflop_per_step"], r["flops_fraction_of_ceiling"], r["max_rss_mb"]])
    print(f"{a.shape}'s sizes, one sequence; where not varied: 6 layers, 256 tokens, rank 8, {os.cpu_count()} threads\n")
    table(["varied", "value", "ms per step", "processor, ms", "tokens/s", "GFLOP per step", "of the ceiling", "peak memory, MB"], rows)


def terms(a):
    rows = []
    for backend in ("exact", "kfac", "diagonal"):
        r = agl(a, "step", "--shape", a.shape, "--batch", a.batch, "--tokens", a.tokens, "--steps", a.steps, "--warmup", a.warmup, "--method", "agl",
                "-s", f"agl.backend={backend}", "-s", "fisher_examples=32")
        rows.append([backend, r["median_s"], r["agl_terms_s"] * 1e3, r["agl_share_of_step"], r["fisher_s"], r["max_rss_mb"]])
    print(f"{a.shape}, {a.batch} × {a.tokens} tokens; Fisher information of 32 examples, 32 eigenvectors per matrix\n")
    table(["backend", "step, s", "terms, ms", "share of the step", "Fisher before training, s", "peak memory, MB"], rows)


def memory(a):
    rows = []
    for shape, dtype, tokens, more in (("smollm135M", "f32", 512, []), ("smollm135M", "bf16", 512, []), ("qwen0.5B", "bf16", 512, []),
                                       ("tinyllama1.1B", "bf16", 512, []), ("tinyllama1.1B", "bf16", 512, ["--recompute"])):
        r = agl(a, "step", "--shape", shape, "--batch", 1, "--tokens", tokens, "--dtype", dtype, "--steps", 1, "--warmup", 1, *more)
        print(shape, dtype, *more, f"{r['max_rss_mb']:.0f} MB", file=sys.stderr)
        rows.append([shape, r["parameters"] / 1e6, dtype, tokens, "yes" if more else "no", r["parameters"] * (4 if dtype == "f32" else 2) / 2**20, r["max_rss_mb"]])
    if a.large:
        r = agl(a, "step", "--shape", "llama7B", "--batch", 1, "--tokens", 128, "--dtype", "bf16", "--steps", 1, "--warmup", 0, "--recompute",
                # Random weights lie in direct memory, a checkpoint's in its mapped file.
                java=["-XX:MaxDirectMemorySize=16g"])
        rows.append(["llama7B", r["parameters"] / 1e6, "bf16", 128, "yes", r["parameters"] * 2 / 2**20, r["max_rss_mb"]])
    table(["shape", "million parameters", "frozen weights", "tokens", "recompute", "weights, MB", "peak memory, MB"], rows)


def startup(a):
    rows = []
    for words in (["--help"], ["--version"], ["terms", "--help"]):
        times = []
        for _ in range(11):
            start = time.perf_counter()
            subprocess.run([a.java, "-jar", a.jar, *words], check=True, capture_output=True, cwd=ROOT)
            times.append(time.perf_counter() - start)
        rows.append(["agl " + " ".join(words), statistics.median(times), max(times)])
    table(["command", "median, s", "slowest of 11, s"], rows)


def main():
    kinds = {"step": step, "products": products, "sgemm": sgemm, "split": split, "scaling": scaling, "agl": terms, "memory": memory, "startup": startup}
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("table", choices=kinds)
    p.add_argument("--jar", default=str(ROOT / "target" / "agl.jar"))
    p.add_argument("--java", default="java")
    p.add_argument("--python", default=sys.executable, help="a Python with torch, transformers and peft")
    p.add_argument("--shape", default="smollm135M")
    p.add_argument("--batch", type=int, default=2)
    p.add_argument("--tokens", type=int, default=256)
    p.add_argument("--steps", type=int, default=6)
    p.add_argument("--warmup", type=int, default=3)
    p.add_argument("--rounds", type=int, default=2)
    p.add_argument("--threads", default=",".join(str(t) for t in sorted({1, os.cpu_count()})), help="thread settings that step tries")
    p.add_argument("--dtypes", default="f32", help="types of the frozen weights that step tries: f32,bf16")
    p.add_argument("--large", action="store_true", help="memory: a 7B shape as well")
    a = p.parse_args()
    machine = Machine()
    kinds[a.table](a)
    print(f"Other programs took {100 * machine.others():.0f} % of one processor meanwhile.")


if __name__ == "__main__":
    main()
