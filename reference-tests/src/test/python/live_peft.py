"""The command line against the real transformers, peft and tokenizers, live: nothing is committed, everything is made in a temporary folder.

Run:  python live_peft.py java -jar target/agl.jar        (after mvn package)

1. For every family a small random model with a tokenizer. `agl train` makes adapters (plain, rsLoRA, DoRA, all linear layers, AGL's two branches) of it. Each is
   loaded by peft without a warning: the last position's logits must be those of `agl logits`, with the adapter beside the
   base and merged (`agl merge` against peft's merge_and_unload).
2. peft makes adapters of every kind: `agl logits` must give peft's logits, `agl merge` a checkpoint that transformers reads to the same logits,
   and `agl train --init-adapter` without a real step must give the adapter back, unchanged for peft, which warns of nothing that it does not
   warn of in its own file (an adapted head of a model with a tied one, say). Or they are refused for a stated reason.
3. Token ids of `agl tokenize` against the tokenizers library.
4. Awkward adapters: files that peft loads and that are not as peft writes them today (settings left over from a converted start, names with the adapter's name in
   them, weights of the base beside, changed or not), and with --random N that many adapters of random settings for each family: logits as peft has them, or a refusal.

Run for some families only:  python live_peft.py --families llama,gpt2 java -jar target/agl.jar
Awkward and random ones only:  python live_peft.py --random 30 --families llama,gpt2 java -jar target/agl.jar
Prints one line per check; exit code 1 if one fails.
"""
import json
import logging
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import warnings

import peft
import safetensors.torch
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

AGL = sys.argv[1:]
RANDOM = int(AGL[1]) if AGL[0] == "--random" else None
AGL = AGL[2:] if RANDOM is not None else AGL
ONLY = AGL[1].split(",") if AGL[0] == "--families" else []
AGL = AGL[2:] if ONLY else AGL
TOLERANCE = 1e-4
TEXT = ["The keeper counts the ships at dusk.", "How do I boil an egg? Seven minutes, then cold water.", "Größe, naïve, Маяк, 灯台, 😀"] * 5
IDS = [5, 17, 256, 3, 90, 41, 77, 12, 6]
failures = 0

SIZES = dict(vocab_size=300, hidden_size=24, intermediate_size=29, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2, head_dim=6,
             max_position_embeddings=128, bos_token_id=0, eos_token_id=0, pad_token_id=None)
FAMILIES = {
    "llama": transformers.LlamaConfig(**SIZES, tie_word_embeddings=False),
    "llama3": transformers.LlamaConfig(**SIZES, tie_word_embeddings=True, attention_bias=True, rope_parameters=dict(
        rope_type="llama3", rope_theta=10000.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)),
    "mistral": transformers.MistralConfig(**SIZES, sliding_window=5),
    "qwen2": transformers.Qwen2Config(**SIZES, tie_word_embeddings=True),
    "qwen3": transformers.Qwen3Config(**SIZES, tie_word_embeddings=True),
    "gemma3": transformers.Gemma3TextConfig(**{**SIZES, "num_hidden_layers": 3}, sliding_window=4, query_pre_attn_scalar=9,
                                            layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
    "gpt2": transformers.GPT2Config(vocab_size=300, n_embd=24, n_layer=2, n_head=3, n_inner=29, n_positions=128, bos_token_id=0, eos_token_id=0),
}

TRAINED = {"plain": [], "rslora": ["-s", "use_rslora=true"], "dora": ["-s", "use_dora=true"],
           "all-linear": ["-s", "target_modules=all-linear"], "all-linear-rsdora": ["-s", "target_modules=all-linear", "-s", "use_dora=true", "-s", "use_rslora=true"],
           "two-branch": ["-s", "agl.alignment_rank=1", "-s", "fisher_examples=5"]}


def made_by_peft(gpt2):
    """Settings by name, and whether such an adapter is to be refused."""
    q, v, down, layer = ("c_attn", "c_attn", "c_proj", "h") if gpt2 else ("q_proj", "v_proj", "down_proj", "layers")
    some = sorted({q, v, down})
    return {
        "plain": dict(target_modules=some), "dropout": dict(target_modules=some, lora_dropout=0.1), "rslora": dict(target_modules=some, use_rslora=True),
        "dora": dict(target_modules=some, use_dora=True), "all-linear": dict(target_modules="all-linear"),
        "all-linear-dora": dict(target_modules="all-linear", use_dora=True, use_rslora=True),
        "regex": dict(target_modules=rf".*\.(0|1)\..*{down}"),
        "rank-pattern": dict(target_modules=some, rank_pattern={q: 5, rf"{layer}\.1\..*{down}": 1}),
        "alpha-pattern": dict(target_modules=some, alpha_pattern={v: 9, rf"^.*\.0\..*{down}": 2.5}),
        "bias-all": dict(target_modules=some, bias="all"), "bias-lora-only": dict(target_modules=some, bias="lora_only"),
        "save-head": dict(target_modules=[q], modules_to_save=["lm_head"]), "save-norm": dict(target_modules=[q], modules_to_save=["ln_f" if gpt2 else "norm"]),
        "save-embedding": dict(target_modules=[q], modules_to_save=["wte" if gpt2 else "embed_tokens"]),
        "layers": dict(target_modules=some, layers_to_transform=[1], layers_pattern=layer), "layer-number": dict(target_modules=some, layers_to_transform=0),
        "exclude": dict(target_modules=some, exclude_modules=rf".*\.0\..*"),
        "gaussian": dict(target_modules=some, init_lora_weights="gaussian"), "random": dict(target_modules=some, init_lora_weights=False),
        "orthogonal": dict(target_modules=some, init_lora_weights="orthogonal", r=4),
        "pissa": dict(target_modules=some, init_lora_weights="pissa"), "olora": dict(target_modules=some, init_lora_weights="olora"),
        "adapted-head": dict(target_modules=[q, "lm_head"]), "adapted-embedding": dict(target_modules=[q, "wte" if gpt2 else "embed_tokens"]),
        "lora-bias": dict(target_modules=some, lora_bias=True), "tokens": dict(target_modules=[q], trainable_token_indices=[1, 2]),
        "replicated": dict(target_modules=some, layer_replication=[[0, 2], [0, 1]]),
    }


REFUSED = {"pissa", "olora", "adapted-head", "adapted-embedding", "lora-bias", "tokens", "replicated"}
IMPOSSIBLE = {("gpt2", "replicated")}  # peft itself cannot


def say(good, what, detail=""):
    global failures
    failures += not good
    print("ok  " if good else "FAIL", what, detail, flush=True)


def agl(*args, stdin=""):
    return subprocess.run([*AGL, *map(str, args)], input=stdin, capture_output=True, text=True)


def refusal(run):
    """The one line of the error; the JVM's own warnings are not ours."""
    return "\n".join(x for x in run.stderr.splitlines() if not x.startswith("WARNING: "))


def agl_logits(*args):
    run = agl("logits", "--tokens", ",".join(map(str, IDS)), "--json", *args)
    if run.returncode:
        return refusal(run)
    return torch.tensor(json.loads(run.stdout)["logits"])


def torch_logits(model):
    with torch.no_grad():
        return model.eval()(torch.tensor([IDS])).logits[0, -1].float()


def compare(what, ours, theirs):
    if isinstance(ours, str):
        say(False, what, ours)
        return
    difference = ((ours - theirs).abs() / (1 + theirs.abs())).max().item()
    say(difference <= TOLERANCE, what, f"difference {difference:.1e}")


def randomise(model, scale, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            if p.requires_grad:
                noise = torch.randn(p.shape, generator=generator)
                p.copy_(noise * scale / p.shape[-1] ** 0.5 if p.dim() > 1 else p + noise * 0.2)


def make_base(folder, config):
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float()
    randomise(model, 1.5, 1)
    model.save_pretrained(folder)
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=300, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    transformers.PreTrainedTokenizerFast(tokenizer_object=t, bos_token="<|endoftext|>", eos_token="<|endoftext|>").save_pretrained(folder)


def load_base(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)


class Collector(logging.Handler):
    """Warnings that libraries log and do not raise."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def load_in_peft(base, adapter):
    """The model with the adapter, and what the libraries warned of meanwhile."""
    collector = Collector()
    logging.getLogger().addHandler(collector)
    try:
        model = load_base(base)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            # peft 0.21 calls what transformers 5.23 has renamed, whatever the adapter.
            warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
            loaded = peft.PeftModel.from_pretrained(model, adapter)
    finally:
        logging.getLogger().removeHandler(collector)
    return loaded, {str(w.message) for w in caught} | set(collector.messages)


def check_merged(what, base, adapter, expected, folder):
    run = agl("merge", "--base", base, "--adapter", adapter, "--out", folder)
    if run.returncode:
        say(False, what + ", merged", refusal(run))
        return
    compare(what + ", merged checkpoint in transformers", torch_logits(load_base(folder)), expected)


def trained_here(family, base, folder):
    (folder / "task.jsonl").write_text("\n".join(json.dumps({"instruction": x, "response": y}) for x, y in zip(TEXT, TEXT[1:])) + "\n")
    targets = "c_attn,c_proj" if family == "gpt2" else "q_proj,v_proj"
    for name, settings in TRAINED.items():
        what = f"{family}, trained here: {name}"
        out = folder / ("trained-" + name)
        run = agl("train", "--base", base, "--task", folder / "task.jsonl", "--alignment", folder / "task.jsonl",
                  "--method", "agl" if name == "two-branch" else "lora", "--out", out, "-s", "steps=4", "-s", "batch_size=4", "-s", "r=3",
                  "-s", "learning_rate=0.05", *([] if name.startswith("all") else ["-s", "target_modules=" + targets]), *settings)
        if run.returncode:
            say(False, what, refusal(run))
            continue
        try:
            model, warned = load_in_peft(base, out)
        except Exception as e:
            say(False, what + " does not load in peft", repr(e))
            continue
        say(not warned, what + " loads in peft without a warning", "; ".join(warned))
        expected = torch_logits(model)
        compare(what + ", peft", agl_logits("--base", base, "--adapter", out), expected)
        moved = (expected - torch_logits(load_base(base))).abs().max().item()
        say(moved > 1e-2, what + ", the adapter makes a difference", f"{moved:.2g}")
        compare(what + ", merged by peft", agl_logits("--base", base, "--adapter", out), torch_logits(model.merge_and_unload()))
        check_merged(what, base, out, expected, folder / ("merged-trained-" + name))


def trained_there(family, base, folder):
    for name, settings in made_by_peft(family == "gpt2").items():
        if (family, name) in IMPOSSIBLE:
            continue
        what = f"{family}, made by peft: {name}"
        out = folder / ("peft-" + name)
        torch.manual_seed(3)
        try:
            model = peft.get_peft_model(load_base(base), peft.LoraConfig(**{"r": 3, "lora_alpha": 5, "task_type": "CAUSAL_LM", "fan_in_fan_out": family == "gpt2", **settings}))
        except Exception as e:
            print("-   ", what, "peft itself refuses:", repr(e)[:150])
            continue
        if name not in ("pissa", "olora"):
            randomise(model, 0.7, 2)
        model.save_pretrained(out)
        got = agl_logits("--base", base, "--adapter", out)
        if name in REFUSED:
            say(isinstance(got, str) and got.startswith("agl: ") and "\n" not in got and "a bug" not in got, what, "refused: " + str(got)[:300])
            continue
        expected = torch_logits(model)
        compare(what, got, expected)
        check_merged(what, base, out, expected, folder / ("merged-peft-" + name))
        again = folder / ("again-" + name)
        run = agl("train", "--base", base, "--task", folder / "task.jsonl", "--method", "lora", "--init-adapter", out, "--out", again, "-s", "steps=1", "-s", "batch_size=1",
                  "-s", "learning_rate=1e-12")
        if run.returncode:
            say(False, what + ", --init-adapter", refusal(run))
            continue
        try:
            own_warnings = load_in_peft(base, out)[1]
            model, warned = load_in_peft(base, again)
        except Exception as e:
            say(False, what + ", written again, does not load in peft", repr(e))
            continue
        say(warned <= own_warnings, what + ", written again, loads in peft without a warning of its own", "; ".join(warned - own_warnings))
        compare(what + ", read, written and read by peft", torch_logits(model), expected)


def changed_settings(folder, out, **changes):
    """A copy of an adapter whose adapter_config.json has these keys."""
    shutil.copytree(folder, out)
    config = json.loads((out / "adapter_config.json").read_text())
    (out / "adapter_config.json").write_text(json.dumps({**config, **changes}))


def changed_tensors(folder, out, change):
    """A copy of an adapter with its tensors, a dict by name, changed."""
    shutil.copytree(folder, out)
    tensors = safetensors.torch.load_file(out / "adapter_model.safetensors")
    safetensors.torch.save_file({k: v.contiguous() for k, v in change(tensors).items()}, out / "adapter_model.safetensors", metadata={"format": "pt"})


LEFT_OVER = {"corda": dict(corda_config={"corda_method": "ipm", "cache_file": None, "covariance_file": None}), "lora-ga": dict(lora_ga_config={"direction": "ArB2r", "scale": "stable"}),
             "loftq": dict(loftq_config={"loftq_bits": 4, "loftq_iter": 1}), "eva": dict(eva_config={"rho": 2.0}), "mica": dict(init_lora_weights="mica"), "orthogonal": dict(init_lora_weights="orthogonal"),
             "tying": dict(ensure_weight_tying=True), "no-match": dict(target_modules=["q_proj", "c_attn", "wqkv"]), "runtime": dict(runtime_config={"ephemeral_gpu_offload": True}),
             "nothing": {k: None for k in ("layer_replication", "trainable_token_indices", "target_parameters", "alora_invocation_tokens", "arrow_config", "kasa_config", "velora_config",
                                           "monteclora_config", "megatron_config", "use_bdlora")}}
NULLS = ("lora_alpha", "r", "lora_dropout")


def same_or_refused(what, base, adapter, must_load=False):
    """Our logits are peft's; where peft fails we refuse, and where we refuse it is one line. Returns equal, refused, or wrong."""
    got = agl_logits("--base", base, "--adapter", adapter)
    try:
        expected = torch_logits(load_in_peft(base, adapter)[0])
    except Exception as e:
        say(isinstance(got, str) and got.startswith("agl: ") and "a bug" not in got, what + ", peft cannot", repr(e)[:100] + " | " + str(got)[:150])
        return "refused"
    if isinstance(got, str):
        say(not must_load and got.startswith("agl: ") and "\n" not in got and "a bug" not in got, what, "refused: " + got[:250])
        return "refused"
    difference = ((got - expected).abs() / (1 + expected.abs())).max().item()
    say(difference <= TOLERANCE, what, f"difference {difference:.1e}")
    return "equal" if difference <= TOLERANCE else "wrong"


def awkward(family, base, folder):
    gpt2 = family == "gpt2"
    target, norm = ("c_attn", "ln_f") if gpt2 else ("q_proj", "norm")
    common = dict(r=4, lora_alpha=5, task_type="CAUSAL_LM", fan_in_fan_out=gpt2)

    def made(name, save_embedding_layers=False, change=None, **settings):
        torch.manual_seed(3)
        model = peft.get_peft_model(load_base(base), peft.LoraConfig(**{"target_modules": [target], **common, **settings}))
        randomise(model, 0.7, 2)
        if change:
            change(model)
        model.save_pretrained(folder / name, save_embedding_layers=save_embedding_layers)
        return folder / name

    plain = made("awkward-plain")
    for name, changes in LEFT_OVER.items():
        out = folder / ("awkward-" + name)
        changed_settings(plain, out, **changes)
        same_or_refused(f"{family}, awkward: {name}", base, out, must_load=True)
    for key in NULLS:
        out = folder / ("null-" + key)
        changed_settings(plain, out, **{key: None})
        got = agl_logits("--base", base, "--adapter", out)
        say(isinstance(got, str) and key in got and got.startswith("agl: "), f"{family}, awkward: {key} null", str(got)[:150])
    infix = folder / "awkward-infix"
    changed_tensors(plain, infix, lambda t: {k.replace("lora_A.weight", "lora_A.default.weight").replace("lora_B.weight", "lora_B.default.weight"): v for k, v in t.items()})
    same_or_refused(f"{family}, awkward: the adapter's name in names", base, infix, must_load=True)
    same_or_refused(f"{family}, awkward: bias all, norm saved", base, made("awkward-bias", bias="all", modules_to_save=[norm]), must_load=True)
    same_or_refused(f"{family}, awkward: embedding and head beside, unchanged", base, made("awkward-beside", True), must_load=True)

    def scaled(model):
        with torch.no_grad():
            model.get_output_embeddings().weight.mul_(1.5)

    tied = load_base(base).config.tie_word_embeddings
    same_or_refused(f"{family}, awkward: embedding and head beside, changed", base, made("awkward-changed", True, scaled), must_load=not tied)


def random_ones(family, base, folder):
    gpt2 = family == "gpt2"
    modules = ["c_attn", "c_proj", "c_fc"] if gpt2 else ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    layer, saved = ("h", ["ln_f", "wte", "ln_1", "c_fc"]) if gpt2 else ("layers", ["norm", "embed_tokens", "lm_head", "input_layernorm", "up_proj"])
    outcome = {"equal": 0, "refused": 0, "wrong": 0, "peft cannot make": 0}
    for seed in range(RANDOM):
        rng = random.Random(f"{family} {seed}")
        maybe = lambda p: rng.random() < p
        targets = rng.sample(modules, rng.randint(1, len(modules)))
        settings = dict(r=rng.randint(1, 7), lora_alpha=rng.choice([1, 2, 5, 16, 32.5]), use_rslora=maybe(.3), use_dora=maybe(.3), lora_dropout=rng.choice([0, .1]),
                        init_lora_weights=rng.choice([True, True, False, "gaussian", "mica"]), bias=rng.choice(["none", "none", "all", "lora_only"]))
        settings["target_modules"] = rng.choice(["all-linear", rf".*\.(0|1)\..*({'|'.join(targets)})"]) if maybe(.2) else targets
        named = isinstance(settings["target_modules"], list)
        if maybe(.3):
            settings["rank_pattern"] = {rng.choice(modules + [rf"{layer}\.1\..*{targets[0]}", "^.*\\.0\\..*"]): rng.randint(1, 9) for _ in range(rng.randint(1, 3))}
        if maybe(.3):
            settings["alpha_pattern"] = {rng.choice(modules + [rf"{layer}\.0\..*{targets[-1]}"]): rng.choice([1, 3, 7.5]) for _ in range(rng.randint(1, 3))}
        if named and maybe(.3):
            settings.update(layers_to_transform=rng.choice([0, 1, [0, 1]]), layers_pattern=rng.choice([None, layer, [layer]]))
        if maybe(.2):
            settings["exclude_modules"] = rng.choice([[rng.choice(modules)], rf".*\.0\..*", [f"{layer}.1.{targets[0]}"]])
        if maybe(.3):
            settings["modules_to_save"] = rng.sample(saved, rng.randint(1, 2))
        out = folder / f"random-{seed}"
        try:
            torch.manual_seed(seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = peft.get_peft_model(load_base(base), peft.LoraConfig(task_type="CAUSAL_LM", fan_in_fan_out=gpt2, **settings))
                randomise(model, 0.7, seed)
                model.save_pretrained(out, save_embedding_layers=rng.choice([True, False, "auto"]))
        except Exception as e:
            outcome["peft cannot make"] += 1
            continue
        outcome[same_or_refused(f"{family}, random {seed}: {json.dumps(settings)}", base, out)] += 1
    print(f"{family}: {RANDOM} random adapters: {outcome}", flush=True)


def tokens(base):
    t = Tokenizer.from_file(str(base / "tokenizer.json"))
    lines = TEXT[:3] + ["", "  spaces   and\ttabs ", "x = a[i] + 3.14 # <|endoftext|>", "e\u0301 שלום 👩🏽‍🚒", " " * 40]
    run = agl("tokenize", "--base", base, stdin="\n".join(lines) + "\n")
    expected = [t.encode(x).ids for x in lines]
    say(run.returncode == 0 and [json.loads(x) for x in run.stdout.splitlines()] == expected, "agl tokenize", run.stderr)
    back = agl("tokenize", "--base", base, "--decode", stdin=run.stdout)
    say(back.stdout.split("\n")[:-1] == lines, "agl tokenize --decode", back.stderr)


def main():
    warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
    transformers.utils.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as temporary:
        for family, config in FAMILIES.items():
            if ONLY and family not in ONLY:
                continue
            folder = pathlib.Path(temporary) / family
            base = folder / "base"
            make_base(base, config)
            if RANDOM is not None:
                awkward(family, base, folder)
                random_ones(family, base, folder)
                continue
            compare(family + ", base", agl_logits("--base", base), torch_logits(load_base(base)))
            tokens(base)
            trained_here(family, base, folder)
            if family in ("llama", "qwen2", "gemma3", "gpt2"):
                trained_there(family, base, folder)
                awkward(family, base, folder)
    print(f"{failures} checks failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
