"""Random conversations with real tokenizers and chat templates: this project's ids of prompt and answer against transformers'. Nothing is committed.

Run:  python live_conversations.py [--count N] [--seed S] FOLDER... -- java -cp target/agl.jar        (after mvn package)

An answer's ids are equal, both sides refuse the turn, or the ids differ: then the exit code is 1. Turns whose answer shares a token with its
prompt (docs/fidelity/templates.md) are counted apart.
"""
import argparse
import collections
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import transformers
from transformers import AutoTokenizer

from make_conversations import ERRORS, asked

transformers.logging.set_verbosity_error()
HERE = pathlib.Path(__file__).parent
TEXTS = ["How many ships?", "Twelve.", " Three,\nI think. ", "<think>\nOne, two.\n</think>\n\nTwo.", "é 漢字 😀", "{{ x }} {% y %}", "a\tb\r\nc", "ok",
         "def f(x):\n    return x + 1\n", "\n\nno", "1234567", "\u00a0x", "…and so on"]


def conversation(rng):
    messages = [("system", rng.choice(TEXTS))] if rng.random() < 0.4 else []
    for _ in range(rng.randint(1, 4)):
        messages += [("user", rng.choice(TEXTS)), ("assistant", rng.choice(TEXTS))]
        if rng.random() < 0.1:
            messages += [("tool", rng.choice(TEXTS)), ("assistant", rng.choice(TEXTS))]
    if rng.random() < 0.1:
        rng.shuffle(messages)
    return messages


def expected(tokenizer, messages):
    """Of each answer: [prompt, answer], None if refused, or "seam"."""
    out = []
    for i in range(len(messages)):
        if asked(messages, i):
            turns = [{"role": role, "content": content} for role, content in messages[:i + 1]]
            try:
                prompt = tokenizer.apply_chat_template(turns[:-1], add_generation_prompt=True, return_dict=False)
                whole = tokenizer.apply_chat_template(turns, return_dict=False)
            except ERRORS:
                out.append(None)
                continue
            out.append([prompt, whole[len(prompt):]] if whole[:len(prompt)] == prompt else "seam")
    return out


def main():
    split = sys.argv.index("--")
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folders", nargs="+")
    options = parser.parse_args(sys.argv[1:split])
    rng = random.Random(options.seed)
    conversations = [c for c in (conversation(rng) for _ in range(options.count)) if any(asked(c, i) for i in range(len(c)))]
    wrong = 0
    with tempfile.TemporaryDirectory() as temp:
        file = pathlib.Path(temp, "turns.jsonl")
        file.write_text("".join(json.dumps({"messages": [{"role": r, "content": t} for r, t in c]}) + "\n" for c in conversations))
        for folder in options.folders:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            done = subprocess.run(sys.argv[split + 1:] + [str(HERE / "EncodeConversations.java"), folder, str(file)], capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr)
            counts = collections.Counter()
            for c, line in zip(conversations, done.stdout.splitlines(), strict=True):
                for ours, theirs in zip(json.loads(line), expected(tokenizer, c), strict=True):
                    kind = "seam" if theirs == "seam" else "both refuse" if ours is theirs is None else "equal" if ours == theirs else "DIFFERENT"
                    counts[kind] += 1
                    if kind == "DIFFERENT":
                        print(folder, c, ours, theirs)
            wrong += counts["DIFFERENT"]
            print(folder, dict(counts), done.stderr.strip()[-300:])
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
