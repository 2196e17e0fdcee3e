"""Names the strengths to run on test prompts, by the rule of PROTOCOL.md. Standard library only.

  python3 choose.py [--alone] VAL/compare.json

Of a method's tries whose task loss is at most .02 above plain LoRA's, the one that keeps most refusals; of two that keep as many, the one with the lower loss;
without such a try, the one with the lowest loss. Prints "method=weaker,chosen,stronger;...", or the chosen ones alone. A choice at the edge of its grid is reported
on standard error.
"""
import json, sys

args = [a for a in sys.argv[1:] if a != "--alone"]
alone = len(args) < len(sys.argv) - 1
runs = [v for v in json.load(open(args[0], encoding="utf-8"))["variants"] if not v["wrecked_by_seed"]]
loss = lambda v: v["metrics"]["task_loss"]["mean"]
kept = lambda v: v["metrics"]["R_unsafe"]["mean"]
limit = loss(next(v for v in runs if v["method"] == "lora")) + 0.02
methods = {}
for v in runs:
    if v["strength"] is not None:
        methods.setdefault(v["method"], []).append(v)
out = []
for method, tries in methods.items():
    tries.sort(key=lambda v: v["strength"])
    near = [v for v in tries if loss(v) <= limit]
    best = min(near, key=lambda v: (-kept(v), loss(v))) if near else min(tries, key=loss)
    at = tries.index(best)
    if at in (0, len(tries) - 1):
        print(f"{method}: chosen at the edge of its grid, {best['strength']}", file=sys.stderr)
    run = [best] if alone else tries[max(0, at - 1):at + 2]
    out.append(method + "=" + ",".join(repr(v["strength"]) for v in run))
print(";".join(out))
