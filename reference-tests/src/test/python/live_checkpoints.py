"""Random checkpoints and tokenizers with awkward files, read by transformers and by this program: nothing is committed, everything is made in a temporary folder.

Run:  python live_checkpoints.py JAVA target/agl.jar [--models 1000] [--tokenizers 1000] [--seed 1] [--keep DIR]        (JAVA: java of a JDK 25; after mvn package)

Models: tiny random ones of every family, with sizes, keys that are left out or null, storage types, shards, heads, RoPE blocks and windows as files in the wild have
them (and combinations that none has). The logits of all positions must be those of transformers in float32, and those of the model that `agl` writes again.
Tokenizers: small BPE tokenizers of random parts, and special and added tokens spread over tokenizer.json, tokenizer_config.json, special_tokens_map.json and
added_tokens.json. Ids, texts of ids and the ids of bos, eos and pad must be those of transformers' TokenizersBackend.

Counts: equal; refused here (with the reasons); refused by both; accepted here only; silently different. Exit code 1 if one is silently different or crashes.
"""
import argparse
import collections
import json
import logging
import os
import pathlib
import random
import subprocess
import tempfile
import threading
import warnings

os.environ["TOKENIZERS_PARALLELISM"] = "false"  # its threads and ours have waited for each other
os.environ["RAYON_NUM_THREADS"] = "1"

import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity(logging.CRITICAL)
transformers.logging.disable_progress_bar()
torch.set_num_threads(1)
LLAMAS = ["llama", "mistral", "qwen2", "qwen3", "gemma3_text"]
ARCHITECTURE = dict(llama="Llama", mistral="Mistral", qwen2="Qwen2", qwen3="Qwen3", gemma3_text="Gemma3", gpt2="GPT2LMHeadModel")


class Probe:
    """The Java side: lines in, lines out. Answers are collected by a thread, so that both sides work at once."""

    def __init__(self, java, jar):
        source = pathlib.Path(__file__).with_name("CheckpointProbe.java")
        self.process = subprocess.Popen([java, "--add-modules", "jdk.incubator.vector", "-cp", jar, str(source)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
        self.answers = []
        self.reader = threading.Thread(target=lambda: self.answers.extend(json.loads(line) for line in self.process.stdout), daemon=True)
        self.reader.start()

    def ask(self, request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def finish(self):
        self.process.stdin.close()
        self.reader.join()
        return self.answers


def maybe(r, p):
    return r.random() < p


def rope_block(r, nested=False):
    kind = r.choices(["default", "linear", "llama3", "yarn", "dynamic"], [3, 4, 4, 0.2, 0.2])[0]
    block = {r.choices(["rope_type", "type"], [3, 2])[0]: kind}
    if maybe(r, 0.1):
        block["rope_type"] = kind
        block["type"] = r.choice(["linear", "llama3", "default"])
    if kind != "default" or maybe(r, 0.2):
        block["factor"] = r.choice([1.0, 2.0, 4, 8.0, 2.5])
    if kind == "llama3" or maybe(r, 0.1):
        block["low_freq_factor"], block["high_freq_factor"] = r.choice([(1.0, 4.0), (1, 2), (0.5, 8.0)])
        if maybe(r, 0.7):
            block["original_max_position_embeddings"] = r.choice([4, 8, 16, 64])
    if kind == "yarn":
        block["original_max_position_embeddings"] = 8
    if maybe(r, 0.5):
        block["rope_theta"] = r.choice([10000.0, 500000.0, 100.0, 1000])
    if maybe(r, 0.03):
        block["partial_rotary_factor"] = r.choice([1.0, 0.5])
    if nested:
        block.pop("type", None)
        block.setdefault("rope_type", kind)
    return block


def rope(r, config, family):
    if maybe(r, 0.6):
        config["rope_theta"] = r.choice([10000.0, 500000.0, 50.0, 1000])
    if maybe(r, 0.4):
        config["rope_scaling"] = r.choices([rope_block(r), None, {}], [6, 1, 0.5])[0]
    if maybe(r, 0.4):
        if family == "gemma3_text":
            blocks = {"full_attention": rope_block(r, True), "sliding_attention": rope_block(r, True)}
            for key in list(blocks):
                if maybe(r, 0.15):
                    del blocks[key]
                elif maybe(r, 0.1):
                    blocks[key] = None
            config["rope_parameters"] = blocks if maybe(r, 0.9) else rope_block(r)
        else:
            config["rope_parameters"] = r.choices([rope_block(r), None, {}, {"full_attention": rope_block(r)}], [8, 1, 0.5, 0.3])[0]
    if family == "gemma3_text" and maybe(r, 0.4):
        config["rope_local_base_freq"] = r.choice([10000.0, 100.0])
    if maybe(r, 0.2):
        config["original_max_position_embeddings"] = r.choice([4, 8, 32])
    if maybe(r, 0.03):
        config["partial_rotary_factor"] = r.choice([1.0, 0.5])


def windows(r, config, layers):
    if maybe(r, 0.6):
        config["sliding_window"] = r.choices([r.randint(1, 12), None], [5, 1])[0]
    if maybe(r, 0.5):
        config["use_sliding_window"] = maybe(r, 0.7)
    if maybe(r, 0.4):
        config["max_window_layers"] = r.choice([0, 1, 2, 28])
    if maybe(r, 0.35):
        config["layer_types"] = r.choices([[r.choice(["full_attention", "sliding_attention"]) for _ in range(layers)], ["full_attention"] * layers, None,
                                           ["full_attention"] * (layers + 1)], [5, 2, 1, 0.3])[0]
    if maybe(r, 0.3):
        config["sliding_window_pattern"] = r.choice([1, 2, 3])


def llama_like(r, family):
    kv = r.choice([1, 2, 3])
    heads = kv * r.choice([1, 2, 3])
    head_dim = r.choice([2, 4, 6, 8, 10] if maybe(r, 0.97) else [3, 5])
    hidden = heads * head_dim if maybe(r, 0.5) else heads * r.randint(2, 8)
    layers = r.randint(1, 3)
    c = dict(model_type=family, architectures=[ARCHITECTURE[family] + "ForCausalLM"], hidden_size=hidden, intermediate_size=r.randint(3, 40), num_hidden_layers=layers,
             num_attention_heads=heads, num_key_value_heads=kv, head_dim=head_dim, vocab_size=r.randint(17, 120), max_position_embeddings=r.choice([64, 256, 4096]))
    if hidden == heads * head_dim and family not in ("qwen3", "gemma3_text") and maybe(r, 0.5):
        c["head_dim"] = None
        if maybe(r, 0.5):
            del c["head_dim"]
    if kv == heads and maybe(r, 0.4) and family != "gemma3_text":
        c["num_key_value_heads"] = None
        if maybe(r, 0.3) and family == "llama":
            del c["num_key_value_heads"]
    if maybe(r, 0.1):
        c.pop("num_key_value_heads", None)
    if maybe(r, 0.1):
        del c["max_position_embeddings"]
    if maybe(r, 0.7):
        c["rms_norm_eps"] = r.choice([1e-5, 1e-6, 1e-3])
    if maybe(r, 0.6):
        c["hidden_activation" if family == "gemma3_text" else "hidden_act"] = "gelu_pytorch_tanh" if family == "gemma3_text" else "silu"
    for key in ("attention_bias", "mlp_bias"):
        if maybe(r, 0.3):
            c[key] = maybe(r, 0.7)
    if family == "gemma3_text" and maybe(r, 0.7):
        c["query_pre_attn_scalar"] = r.choice([4, 9, 256])
    rope(r, c, family)
    windows(r, c, layers)
    return c, hidden, heads, kv, head_dim, layers


def llama_weights(r, g, family, c, hidden, heads, kv, head_dim, layers):
    w = {}
    gemma = family == "gemma3_text"

    def put(name, *shape):
        norm = len(shape) == 1 and not name.endswith("bias")
        w[name] = torch.randn(*shape, generator=g) * 0.3 + (1 if norm and not gemma else 0)

    attention_bias = bool(c.get("attention_bias")) or family == "qwen2"
    put("model.embed_tokens.weight", c["vocab_size"], hidden)
    for l in range(layers):
        p = f"model.layers.{l}."
        f = c["intermediate_size"]
        sizes = dict(q=(heads * head_dim, hidden), k=(kv * head_dim, hidden), v=(kv * head_dim, hidden), o=(hidden, heads * head_dim))
        for k, shape in sizes.items():
            put(p + f"self_attn.{k}_proj.weight", *shape)
            if attention_bias and not (k == "o" and family == "qwen2" and maybe(r, 0.9)):
                put(p + f"self_attn.{k}_proj.bias", shape[0])
        for k, shape in dict(gate=(f, hidden), up=(f, hidden), down=(hidden, f)).items():
            put(p + f"mlp.{k}_proj.weight", *shape)
            if c.get("mlp_bias"):
                put(p + f"mlp.{k}_proj.bias", shape[0])
        for name in ["input_layernorm", "post_attention_layernorm"] + (["pre_feedforward_layernorm", "post_feedforward_layernorm"] if gemma else []):
            put(p + name + ".weight", hidden)
        if gemma or family == "qwen3":
            put(p + "self_attn.q_norm.weight", head_dim)
            put(p + "self_attn.k_norm.weight", head_dim)
        if maybe(r, 0.05):
            put(p + "self_attn.rotary_emb.inv_freq", head_dim // 2)
    put("model.norm.weight", hidden)
    return w, "model.embed_tokens.weight", "model."


def gpt2(r):
    heads = r.choice([1, 2, 3])
    hidden = heads * r.randint(2, 9)
    layers = r.randint(1, 3)
    positions = r.choice([32, 50])
    c = dict(model_type="gpt2", architectures=["GPT2LMHeadModel"], vocab_size=r.randint(17, 120))
    for own, other, value in (("n_embd", "hidden_size", hidden), ("n_head", "num_attention_heads", heads), ("n_layer", "num_hidden_layers", layers),
                              ("n_positions", "max_position_embeddings", positions)):
        if maybe(r, 0.9):
            c[own] = value
        if own not in c or maybe(r, 0.1):
            c[other] = value
            if own in c and maybe(r, 0.3):
                c[own] = value * 2
    inner = r.choice([4 * hidden, r.randint(3, 40)])
    if inner != 4 * hidden or maybe(r, 0.3):
        c["n_inner"] = inner
    elif maybe(r, 0.5):
        c["n_inner"] = None
    for key, values in dict(layer_norm_epsilon=[1e-5, 1e-3], activation_function=["gelu_new", "gelu_pytorch_tanh", "gelu_new", "relu", "gelu"],
                            scale_attn_weights=[True, True, True, False], scale_attn_by_inverse_layer_idx=[False, False, False, True],
                            reorder_and_upcast_attn=[False, True], n_ctx=[16]).items():
        if maybe(r, 0.3):
            c[key] = r.choice(values)
    return c, hidden, heads, layers, positions, inner


def gpt2_weights(r, g, c, hidden, heads, layers, positions, inner):
    w = {}

    def put(name, *shape):
        w[name] = torch.randn(*shape, generator=g) * 0.3 + (1 if "ln_" in name and name.endswith("weight") else 0)

    put("transformer.wte.weight", c["vocab_size"], hidden)
    put("transformer.wpe.weight", positions, hidden)
    for l in range(layers):
        p = f"transformer.h.{l}."
        for name, shape in {"attn.c_attn": (hidden, 3 * hidden), "attn.c_proj": (hidden, hidden), "mlp.c_fc": (hidden, inner), "mlp.c_proj": (inner, hidden)}.items():
            put(p + name + ".weight", *shape)
            put(p + name + ".bias", shape[1])
        for name in ("ln_1", "ln_2"):
            put(p + name + ".weight", hidden)
            put(p + name + ".bias", hidden)
        if maybe(r, 0.1):
            w[p + "attn.bias"] = torch.tril(torch.ones(positions, positions)).view(1, 1, positions, positions)
    put("transformer.ln_f.weight", hidden)
    put("transformer.ln_f.bias", hidden)
    return w, "transformer.wte.weight", "transformer."


def head(r, g, c, w, embedding):
    """tie_word_embeddings and what the file has: agreeing, contradicting, or the table under one of its names only."""
    if maybe(r, 0.8):
        c["tie_word_embeddings"] = maybe(r, 0.6)
    tied = c.get("tie_word_embeddings", c["model_type"] in ("gemma3_text", "gpt2"))
    kind = r.choices(["as said", "same", "other", "head only", "none"], [6, 2, 3, 1, 0.3])[0]
    if kind == "same":
        w["lm_head.weight"] = w[embedding].clone()
    elif kind == "other" or kind == "as said" and not tied:
        w["lm_head.weight"] = torch.randn(w[embedding].shape, generator=g) * 0.3
        if maybe(r, 0.2):  # one value only
            w["lm_head.weight"] = w[embedding].clone()
            w["lm_head.weight"][-1, -1] += 0.5
    elif kind == "head only":
        w["lm_head.weight"] = w.pop(embedding)


def store(r, folder, c, w, prefix):
    if maybe(r, 0.08) and "lm_head.weight" not in w:
        w = {k.removeprefix(prefix): v for k, v in w.items()}
    types = [r.choice([torch.float32, torch.float32, torch.bfloat16, torch.float16, torch.float64])]
    if maybe(r, 0.15):
        types = [torch.float32, torch.bfloat16, torch.float16]
    w = {k: v.to(r.choice(types)).contiguous() for k, v in w.items()}
    if maybe(r, 0.5):
        c[r.choice(["torch_dtype", "dtype"])] = r.choice(["float32", "bfloat16", "float16"])
    metadata = r.choices([{"format": "pt"}, None, {"format": "pt", "other": "x"}], [8, 1, 1])[0]
    if maybe(r, 0.3) and len(w) > 3:
        n = r.randint(2, 3)
        shards = [{} for _ in range(n)]
        for k, v in w.items():
            shards[r.randrange(n)][k] = v
        index = {}
        for i, shard in enumerate(shards):
            name = f"model-{i + 1:05d}-of-{n:05d}.safetensors"
            if shard:
                save_file(shard, folder / name, metadata=metadata)
                index |= {k: name for k in shard}
        (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": index}))
    else:
        save_file(w, folder / "model.safetensors", metadata=metadata)
        if metadata is None and maybe(r, 0.5):
            null_metadata(folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(c, indent=1))


def null_metadata(file):
    data = file.read_bytes()
    n = int.from_bytes(data[:8], "little")
    header = b'{"__metadata__":null,' + data[8:8 + n].strip()[1:]
    file.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + n:])


def make_model(seed, folder):
    r = random.Random(seed)
    g = torch.Generator().manual_seed(seed)
    family = r.choices(LLAMAS + ["gpt2"], [4, 3, 3, 3, 5, 2])[0]
    if family == "gpt2":
        c, *sizes = gpt2(r)
        w, embedding, prefix = gpt2_weights(r, g, c, *sizes)
    else:
        c, *sizes = llama_like(r, family)
        w, embedding, prefix = llama_weights(r, g, family, c, *sizes)
    head(r, g, c, w, embedding)
    store(r, folder, c, w, prefix)
    return [r.randrange(c["vocab_size"]) for _ in range(24)]


def reference_logits(folder, tokens):
    """What transformers gives, or why it gives nothing definite."""
    try:
        model, info = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
        missing = [k for k in info["missing_keys"]] + [str(k) for k in info["mismatched_keys"]]
        if missing:
            return None, "weights made up at random: " + ", ".join(missing)[:80]
        with torch.no_grad():
            return model.eval()(torch.tensor([tokens])).logits[0].double(), None
    except Exception as e:
        return None, f"{type(e).__name__}: {e}"[:150].replace("\n", " ")


def compare_logits(reference, answer):
    """None if equal."""
    worst = 0
    for name in ("logits", "merged"):
        got = torch.tensor(answer[name], dtype=torch.float64).view(reference.shape)
        worst = max(worst, (got - reference).abs().max().item() / max(1.0, reference.abs().max().item()))
    return None if worst < 2e-4 else f"largest difference {worst:.3g} of the largest logit"


class Tally:
    def __init__(self, title):
        self.title = title
        self.counts = collections.Counter()
        self.reasons = collections.Counter()
        self.bad = []

    def add(self, name, reference, refusal, answer, difference):
        if "crash" in answer:
            self.bad.append(f"{name}: CRASH {answer['crash']}")
            kind = "crashed"
        elif "refused" in answer:
            kind = "refused by both" if reference is None else "refused here only"
            if reference is not None:
                self.reasons[answer["refused"].replace(name, "").replace("/", " ")[:110]] += 1
        elif reference is None:
            kind = "accepted here only"
            self.reasons["(accepted here) " + refusal[:130]] += 1
        else:
            kind = "silently different" if difference else "equal"
            if difference:
                self.bad.append(f"{name}: {difference}")
        self.counts[kind] += 1

    def report(self):
        print(f"{self.title}: {sum(self.counts.values())}; " + ", ".join(f"{k} {v}" for k, v in self.counts.most_common()))
        for reason, n in self.reasons.most_common(40):
            print(f"   {n:5d}  {reason}")
        for line in self.bad[:40]:
            print("   " + line)
        return not self.bad


def models(probe, root, seeds):
    tally = Tally("models")
    references = []
    for seed in seeds:
        folder = root / f"model-{seed}"
        folder.mkdir(parents=True)
        tokens = make_model(seed, folder)
        probe.ask({"model": str(folder), "tokens": tokens, "merged": str(root / f"merged-{seed}")})
        references.append((str(folder), *reference_logits(folder, tokens)))
    for (name, reference, refusal), answer in zip(references, probe.finish(), strict=True):
        difference = compare_logits(reference, answer) if reference is not None and "logits" in answer else None
        tally.add(name, reference, refusal, answer, difference)
    return tally.report()


TEXT = ["The keeper counts the ships at dusk, and the harbour counts them again.", "How do I boil an egg? Seven minutes, then cold water.", "Größe, naïve, Маяк, 灯台, 😀",
        "ein Turm, zwei Türme;  drei   Türme", "x = [1, 2, 3]\n\treturn x\n"] * 3
MARKS = ["<s>", "</s>", "<pad>", "<|im_end|>", "<|user|>", "<E>", "<T>", "[X]", "<|a|>", "Tool", "ship", "ŁÓ", "the", "<unk>", "<0x41>", " x ", "e", "<|endoftext|>"]
NAMES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]


def base_tokenizer(r):
    """A small BPE tokenizer: byte-level, or of SentencePiece's kind with byte fallback."""
    size = r.randint(270, 420)
    marks = r.sample(MARKS, r.randint(0, 4))
    if maybe(r, 0.5):
        t = Tokenizer(tokenizers.models.BPE())
        t.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=maybe(r, 0.2))
        t.decoder = tokenizers.decoders.ByteLevel()
        trainer = tokenizers.trainers.BpeTrainer(vocab_size=size, special_tokens=marks, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    else:
        t = Tokenizer(tokenizers.models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
        if maybe(r, 0.5):
            t.normalizer = tokenizers.normalizers.Sequence([tokenizers.normalizers.Prepend("▁"), tokenizers.normalizers.Replace(" ", "▁")])
        else:
            t.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace(prepend_scheme=r.choice(["always", "first", "never"]))
        t.decoder = tokenizers.decoders.Sequence([tokenizers.decoders.Replace("▁", " "), tokenizers.decoders.ByteFallback(), tokenizers.decoders.Fuse()])
        trainer = tokenizers.trainers.BpeTrainer(vocab_size=size + 200, special_tokens=["<unk>"] + [m for m in marks if m != "<unk>"] + [f"<0x{b:02X}>" for b in range(256)],
                                                 show_progress=False)
    if t.normalizer is None and maybe(r, 0.4):
        t.normalizer = r.choice([tokenizers.normalizers.Lowercase(), tokenizers.normalizers.NFC(), tokenizers.normalizers.NFKC()])
    t.train_from_iterator(TEXT, trainer)
    if (mark := next((m for m in marks if " " not in m), None)) and maybe(r, 0.4):
        t.post_processor = tokenizers.processors.TemplateProcessing(single=f"{mark} $A", special_tokens=[(mark, t.token_to_id(mark))])
    return t


def flags(r):
    return {k: maybe(r, 0.15) for k in ("lstrip", "rstrip", "single_word")} | {"normalized": maybe(r, 0.2), "special": maybe(r, 0.7)}


def special_value(r, mark):
    if maybe(r, 0.75):
        return mark
    return {"__type": "AddedToken", "content": mark} | flags(r)


def make_tokenizer(seed, folder):
    r = random.Random(seed)
    t = base_tokenizer(r)
    j = json.loads(t.to_str())
    own = j["added_tokens"]
    if maybe(r, 0.4):  # fewer, in another order, with other flags or other ids
        own = [a for a in own if maybe(r, 0.8) or a["content"].startswith("<0x")]
        for a in own:
            if maybe(r, 0.2):
                a.update(flags(r))
    if maybe(r, 0.3):
        for mark in r.sample(MARKS, r.randint(1, 3)):
            if mark not in [a["content"] for a in own]:
                own.append({"id": 600 + len(own) if maybe(r, 0.5) else len(j["model"]["vocab"]) + len(own), "content": mark} | flags(r))
    j["added_tokens"] = own
    (folder / "tokenizer.json").write_text(json.dumps(j), encoding="utf-8")
    c = {"tokenizer_class": "PreTrainedTokenizerFast"}
    for name in NAMES:
        if maybe(r, 0.35):
            c[name] = r.choices([special_value(r, r.choice(MARKS)), None], [8, 1])[0]
    for key in ("add_bos_token", "add_eos_token", "add_prefix_space", "legacy"):
        if maybe(r, 0.2):
            c[key] = maybe(r, 0.5)
    if maybe(r, 0.15):
        c["image_token"] = r.choice(MARKS)
    if maybe(r, 0.3):
        c[r.choice(["extra_special_tokens", "additional_special_tokens"])] = [special_value(r, m) for m in r.sample(MARKS, r.randint(0, 3))]
    elif maybe(r, 0.1):
        c["extra_special_tokens"] = {"boi_token": r.choice(MARKS), "other": r.choice(MARKS)}
    elif maybe(r, 0.1):
        c["extra_special_tokens"], c["additional_special_tokens"] = r.choice([[], [r.choice(MARKS)]]), [r.choice(MARKS)]
    if maybe(r, 0.4):
        first = len(j["model"]["vocab"])
        entries = {str(a["id"]): {k: v for k, v in a.items() if k != "id"} for a in own if maybe(r, 0.9)}
        for n in range(r.randint(0, 3)):
            entries[str(first + n)] = {"content": r.choice(MARKS)} | flags(r)
        c["added_tokens_decoder"] = entries
    if maybe(r, 0.95):
        (folder / "tokenizer_config.json").write_text(json.dumps(c), encoding="utf-8")
    if maybe(r, 0.35):
        m = {name: r.choice([r.choice(MARKS), {"content": r.choice(MARKS)} | {k: v for k, v in flags(r).items() if k != "special"}]) for name in NAMES if maybe(r, 0.3)}
        if maybe(r, 0.3):
            m[r.choice(["extra_special_tokens", "additional_special_tokens"])] = r.sample(MARKS, r.randint(0, 2))
        (folder / "special_tokens_map.json").write_text(json.dumps(m), encoding="utf-8")
    if maybe(r, 0.25):
        first = len(j["model"]["vocab"])
        (folder / "added_tokens.json").write_text(json.dumps({m: first + i for i, m in enumerate(r.sample(MARKS, r.randint(0, 3)))}), encoding="utf-8")
    words = " ".join(TEXT[:5]).split(" ")
    return ["".join(r.choice([r.choice(words), r.choice(MARKS), " ", r.choice(MARKS).lower()]) + r.choice(["", " ", "  "]) for _ in range(r.randint(1, 9))) for _ in range(5)]


def make_class_tokenizer(seed, folder):
    """A folder as a tokenizer class writes it, with names left out, so that the class's own come in."""
    r = random.Random(seed)
    t = Tokenizer(tokenizers.models.BPE())
    t.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    marks = r.sample(["<|endoftext|>", "<s>", "</s>", "<unk>", "<pad>", "<bos>", "<eos>"], r.randint(0, 7))
    t.train_from_iterator(TEXT, tokenizers.trainers.BpeTrainer(vocab_size=380, special_tokens=marks, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    model = json.loads(t.to_str())["model"]
    name = r.choice(["GPT2Tokenizer", "Qwen2Tokenizer"])
    getattr(transformers, name)(vocab=model["vocab"], merges=[tuple(m) for m in model["merges"]]).save_pretrained(folder)
    file = folder / "tokenizer_config.json"
    c = json.loads(file.read_text())
    for key in NAMES + ["added_tokens_decoder"]:
        if maybe(r, 0.5):
            c.pop(key, None)
    file.write_text(json.dumps(c))
    return ["".join(r.choice(TEXT[0].split(" ") + marks) + " " for _ in range(6)) for _ in range(3)], name


def reference_tokens(folder, texts, name):
    try:
        t = getattr(transformers, name).from_pretrained(folder)
        out = []
        for text in texts:
            ids = t(text, add_special_tokens=False)["input_ids"]
            out.append({"ids": ids, "with_special": t(text)["input_ids"], "decoded": t.decode(ids), "decoded_skipping": t.decode(ids, skip_special_tokens=True)})
        return {"texts": out} | {k: -1 if getattr(t, k + "_token_id") is None else getattr(t, k + "_token_id") for k in ("bos", "eos", "pad")}, None
    except BaseException as e:  # the library's Rust part panics with an exception of its own
        if isinstance(e, KeyboardInterrupt):
            raise
        return None, f"{type(e).__name__}: {e}"[:150].replace("\n", " ")


def compare_tokens(reference, answer):
    for k in ("bos", "eos", "pad"):
        if reference[k] != answer[k]:
            return f"{k} {answer[k]}, expected {reference[k]}"
    for want, got in zip(reference["texts"], answer["texts"], strict=True):
        for k in want:
            if want[k] != got[k]:
                return f"{k} {got[k]}, expected {want[k]}"
    return None


def tokenizers_(probe, root, seeds):
    tally = Tally("tokenizers")
    references = []
    for seed in seeds:
        folder = root / f"tokenizer-{seed}"
        folder.mkdir(parents=True)
        if seed % 8 == 0:
            texts, name = make_class_tokenizer(seed, folder)
        else:
            texts, name = make_tokenizer(seed, folder), "PreTrainedTokenizerFast"
        probe.ask({"tokenizer": str(folder), "texts": texts})
        references.append((str(folder), *reference_tokens(folder, texts, name)))
    for (name, reference, refusal), answer in zip(references, probe.finish(), strict=True):
        difference = compare_tokens(reference, answer) if reference is not None and "texts" in answer else None
        tally.add(name, reference, refusal, answer, difference)
    return tally.report()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("java")
    parser.add_argument("jar")
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--tokenizers", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = pathlib.Path(a.keep or temporary)
        good = models(Probe(a.java, a.jar), root, range(a.seed, a.seed + a.models)) if a.models else True
        good &= tokenizers_(Probe(a.java, a.jar), root, range(a.seed, a.seed + a.tokenizers)) if a.tokenizers else True
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
