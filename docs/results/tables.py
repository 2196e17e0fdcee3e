"""Prints the runs of front.sh or leading.sh as one table, grouped by what a method needs while tuning. Standard library only.

  python3 tables.py WORK/front/MODEL-TASK/test [WORK/front/MODEL-TASK/test-pairs ...]

Means over seeds, seconds: the median over seeds of a run without its measurements; in brackets the 95 % interval over prompts. A method that stands in several comparisons (lora) is shown once.
"""
import json, os, statistics, sys

GROUPS = ["nothing", "an artefact of alignment data", "alignment prompts", "alignment prompts and answers", "the checkpoint before alignment"]


def number(metric, digits=1, interval=True):
    if metric is None:
        return ""
    text = f"{metric['mean']:.{digits}f}"
    if interval and metric["interval_over_prompts"]:
        text += " [{:.{d}f}, {:.{d}f}]".format(*metric["interval_over_prompts"], d=digits)
    return text


rows, base = {}, None
for folder in sys.argv[1:]:
    data = json.load(open(os.path.join(folder, "compare.json"), encoding="utf-8"))
    base = base or data["base"]
    for v in data["variants"]:
        rows.setdefault((v["method"], v["strength"]), v)
print("| needs | method | task loss | R_unsafe % | R_safe % | drift | AUC | seconds |\n|---|---|---|---|---|---|---|---|")
print(f"| | base | {number(base['task_loss'], 3, False)} | {number(base['R_unsafe'])} | {number(base['R_safe'])} | | {number(base['auc_margin'], 3, False)} | |")
order = lambda v: (GROUPS.index(v["needs"]) if v["needs"] in GROUPS else len(GROUPS), v["needs"], list(rows.values()).index(v))
shown = None
for v in sorted(rows.values(), key=order):
    m, seconds = v["metrics"], v["seconds"]
    needs, shown = ("" if v["needs"] == shown else v["needs"]), v["needs"]
    strength = "" if v["strength"] is None else f" {v['strength']:g}"
    wrecked = " (wrecked)" if v["wrecked_by_seed"] else ""
    print(f"| {needs} | {v['method']}{strength}{wrecked} | {number(m['task_loss'], 3, False)} | {number(m['R_unsafe'])} | {number(m['R_safe'])} "
          f"| {number(m['drift_points'])} | {number(m['auc_margin'], 3, False)} | {statistics.median(seconds):.0f} |")
