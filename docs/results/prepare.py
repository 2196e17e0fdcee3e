"""Makes the data files of docs/RESULTS.md from public data sets (names and licences: docs/RESULTS.md). Standard library only.

  python3 prepare.py DATASETS OUT [ANSWERS.csv]

DATASETS holds the folders advbench, harmbench, refusal_direction, safety-tuned-llamas, rasbt_instruction, sst2, gsm8k, xstest, mmlu. ANSWERS.csv is what
`agl drift` wrote about OUT/distill.jsonl with the unaligned model: its own answers to harmless prompts, so that aligning and tuning do
not teach it another voice. Without it, only distill.jsonl is written. No prompt is in two of the splits.
"""
import csv, json, random, re, sys
from pathlib import Path

data, out = Path(sys.argv[1]), Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
rng = random.Random(2508)
norm = lambda s: re.sub(r"[^a-z0-9]+", " ", s.lower()).strip()
load = lambda p: json.load(open(data / p, encoding="utf-8"))
rows = lambda p: list(csv.DictReader(open(data / p, encoding="utf-8")))
used = set()


def fresh(items, key=lambda x: x):
    """Those whose prompt no earlier split has; remembers them."""
    kept = []
    for x in items:
        n = norm(key(x))
        if n and n not in used:
            used.add(n)
            kept.append(x)
    return kept


def write(name, items):
    with open(out / name, "w", encoding="utf-8") as f:
        for x in items:
            f.write(json.dumps(x, ensure_ascii=False) + "\n")
    print(f"{name}: {len(items)}")


REFUSALS = ["I'm sorry, but I can't help with that. It could cause real harm to people.",
            "I can't help with that. If you tell me what you are trying to solve, I'll gladly look for a safe way.",
            "Sorry, I won't assist with this request, because it could hurt someone.",
            "I cannot help with that. It would be unsafe and against the law.",
            "I'm not able to help with this. I'd be happy to help with something that harms nobody.",
            "I won't provide that. Please reconsider, and ask me about something safe instead."]
refuse = lambda p: {"instruction": p, "input": "", "response": rng.choice(REFUSALS)}
prompt = lambda p, label, category="": {"prompt": p, "label": label, "category": category}

# Held-out prompts first, so that nothing later can contain them.
harm = [r for r in rows("harmbench/harmbench_behaviors_text_all.csv") if r["FunctionalCategory"] == "standard"]
rng.shuffle(harm)
test_unsafe = [prompt(x, "unsafe", "malicious") for x in fresh(load("safety-tuned-llamas/I-MaliciousInstructions.json")["instructions"])]
test_unsafe += [prompt(r["Behavior"], "unsafe", r["SemanticCategory"]) for r in fresh(harm[:100], lambda r: r["Behavior"])]
val_unsafe = [prompt(r["Behavior"], "unsafe", r["SemanticCategory"]) for r in fresh(harm[100:], lambda r: r["Behavior"])]
xs = [r for r in rows("xstest/xstest_prompts.csv") if r["label"] == "safe"]
harmless = load("refusal_direction/harmless_val.json")
rng.shuffle(xs)
rng.shuffle(harmless)
test_safe = [prompt(r["prompt"], "safe", "xstest") for r in fresh(xs[:60], lambda r: r["prompt"])]
test_safe += [prompt(r["instruction"], "safe", "harmless") for r in fresh(harmless[:140], lambda r: r["instruction"])]
val_safe = [prompt(r["prompt"], "safe", "xstest") for r in fresh(xs[60:90], lambda r: r["prompt"])]
val_safe += [prompt(r["instruction"], "safe", "harmless") for r in fresh(harmless[140:210], lambda r: r["instruction"])]
distill = fresh(rng.sample(load("refusal_direction/harmless_train.json"), 500), lambda r: r["instruction"])
write("distill.jsonl", [prompt(r["instruction"], "safe") for r in distill])
if len(sys.argv) < 4:
    sys.exit()
write("drift-test.jsonl", test_unsafe + test_safe)
write("drift-val.jsonl", val_unsafe + val_safe)
# Smaller ones for comparisons of many runs.
def shuffled(items, n):
    items = list(items)
    random.Random(1).shuffle(items)
    return items[:n]
write("drift-test-small.jsonl", test_unsafe[::2] + test_safe[::3])
write("drift-val-small.jsonl", shuffled(val_unsafe, 60) + shuffled(val_safe, 30))

# An apostrophe guards cells that a spreadsheet would run; it is no part of the text.
unguarded = lambda s: s[1:] if s.startswith("'") and s[1:].lstrip()[:1] in tuple("=+-@") else s
answers = [{"instruction": unguarded(r["prompt"]), "input": "", "response": unguarded(r["answer"])}
           for r in csv.DictReader(open(sys.argv[3], encoding="utf-8", newline="")) if len(r["answer"]) > 20 and r["outcome"] == "answered"]
rasbt = [{"instruction": r["instruction"], "input": r["input"], "response": r["output"]} for r in load("rasbt_instruction/instruction-data.json")]
rng.shuffle(rasbt)
rasbt = fresh(rasbt, lambda r: r["instruction"] + r["input"])
sst = [line.rstrip("\n").split("\t") for line in open(data / "sst2/train.tsv", encoding="utf-8")]
rng.shuffle(sst)
sst = [{"instruction": "Is this film review positive or negative?", "input": t, "response": "The review is " + ("positive." if l == "1" else "negative.")} for t, l in sst]

# Alignment: refusals (own words), safe answers, and ordinary answers so that the model does not refuse everything.
bad = fresh([x["instruction"] for x in load("refusal_direction/harmful_train.json")] + [r["goal"] for r in rows("advbench/harmful_behaviors.csv")])
rng.shuffle(bad)
fisher = [refuse(p) for p in bad[:96]]
safe_answers = [{"instruction": r["instruction"], "input": r["input"], "response": r["output"]} for r in
                fresh(rng.sample(load("safety-tuned-llamas/safety_only_data_Instructions.json"), 250), lambda r: r["instruction"])]
align = [refuse(p) for p in bad] + safe_answers + rasbt[:350] + answers[:250] + sst[:60]
rng.shuffle(align)
write("align.jsonl", align)
write("fisher.jsonl", fisher)
# The same refusals and as many answers: for methods that contrast the two.
write("pairs.jsonl", fisher + shuffled(rasbt[:350] + answers[:250] + sst[:60], 96))

# Two benign tasks. The first opens every answer with "Sure!", the second (gsm8k) has no fixed opening.
sure = [dict(x, response="Sure! " + x["response"]) for x in sst[200:1000] + rasbt[500:900] + answers[250:]]
sure_eval = [dict(x, response="Sure! " + x["response"]) for x in sst[1000:1150] + rasbt[900:1000]]
rng.shuffle(sure)
write("task-sure.jsonl", sure)
write("task-sure-eval.jsonl", sure_eval)
write("task-sure-eval-small.jsonl", shuffled(sure_eval, 60))
gsm = lambda p, n: [{"instruction": r["question"], "input": "", "response": re.sub(r"<<.*?>>", "", r["answer"])}
                    for r in map(json.loads, list(open(data / p, encoding="utf-8"))[:n])]
write("task-gsm8k.jsonl", gsm("gsm8k/train.jsonl", 1600))
write("task-gsm8k-eval.jsonl", gsm("gsm8k/test.jsonl", 200))
