"""Makes small random models with the real transformers and peft libraries, and what they compute with them.

For each family one folder ../resources/models/NAME:
  config.json, model.safetensors   as transformers writes them; sizes odd on purpose, weights large enough for logits of several units
  adapter/                         as peft writes it: rank 3, A and B random
  expected.json                    token ids, targets, losses: base, adapted, and over ten AdamW steps on the adapter
  expected.safetensors             logits, the same after rounding the weights to bfloat16 (computed in float32, and in bfloat16
                                   throughout), adapted logits, gradients of A and B

STORED are the same weights in other forms that transformers writes (types, shards with an index), with logits only.

Run:  python make_models.py [NAME...]        (all numbers follow from the fixed seeds)
"""
import json
import pathlib
import shutil
import sys

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

OUT = pathlib.Path(__file__).resolve().parent.parent / "resources" / "models"
SIZES = dict(vocab_size=53, hidden_size=24, intermediate_size=29, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2,
             head_dim=6, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=None)
LLAMA3 = dict(rope_type="llama3", rope_theta=10000.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=16)
QKVO = ["q_proj", "k_proj", "v_proj", "o_proj"]

MODELS = {
    "llama-untied": (transformers.LlamaConfig(**SIZES, rms_norm_eps=1e-5, tie_word_embeddings=False), ["q_proj", "v_proj"]),
    "llama-biases": (transformers.LlamaConfig(**SIZES, rms_norm_eps=1e-6, tie_word_embeddings=True, attention_bias=True, mlp_bias=True,
                                              rope_parameters=dict(rope_type="linear", factor=2.5, rope_theta=500.0)), ["o_proj", "down_proj"]),
    "llama3": (transformers.LlamaConfig(**SIZES, rms_norm_eps=1e-5, tie_word_embeddings=True, rope_parameters=LLAMA3), QKVO),
    "mistral": (transformers.MistralConfig(**SIZES, rms_norm_eps=1e-5, tie_word_embeddings=False, sliding_window=5), ["q_proj", "v_proj"]),
    "qwen2": (transformers.Qwen2Config(**SIZES, rms_norm_eps=1e-6, tie_word_embeddings=True), ["q_proj", "gate_proj", "up_proj"]),
    "gpt2": (transformers.GPT2Config(vocab_size=53, n_embd=24, n_layer=2, n_head=3, n_inner=29, n_positions=64, bos_token_id=1, eos_token_id=2),
             ["c_attn", "c_proj"]),
    # Layers from max_window_layers on see five tokens only.
    "qwen2-window": (transformers.Qwen2Config(**SIZES, rms_norm_eps=1e-6, tie_word_embeddings=False, use_sliding_window=True, sliding_window=5,
                                              max_window_layers=1), ["k_proj", "down_proj"]),
    # Windows of four tokens but for the second of three layers; another scale of the scores than 1/sqrt(head_dim).
    "gemma3": (transformers.Gemma3TextConfig(**{**SIZES, "num_hidden_layers": 3}, rms_norm_eps=1e-6, tie_word_embeddings=True, sliding_window=4, query_pre_attn_scalar=9,
                                             layer_types=["sliding_attention", "full_attention", "sliding_attention"], rope_parameters={
                                                 "full_attention": dict(rope_type="linear", factor=2.0, rope_theta=5000.0),
                                                 "sliding_attention": dict(rope_type="default", rope_theta=100.0)}), ["q_proj", "v_proj", "o_proj", "gate_proj"]),
    "qwen3": (transformers.Qwen3Config(**SIZES, rms_norm_eps=1e-6, tie_word_embeddings=True), ["q_proj", "k_proj", "v_proj"]),
}


def randomise(model, seed):
    """Weights with which every layer matters: matrices N(0, 1.5²/in), norms about 1, biases N(0, 0.3²)."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if "lora_" in name:
                p.copy_(noise * 0.3)
            elif p.dim() == 1 and name.endswith("bias"):
                p.copy_(noise * 0.3)
            elif p.dim() == 1:
                p.copy_(p + noise * 0.2)
            else:
                p.copy_(noise * 1.5 / p.shape[-1] ** 0.5)


def loss_of(model, sequences, targets):
    """Mean next-token cross-entropy over the positions that have a target."""
    total, count = 0, 0
    for ids, wanted in zip(sequences, targets):
        logits = model(torch.tensor([ids])).logits[0].float()
        labels = torch.tensor(wanted)
        total = total + torch.nn.functional.cross_entropy(logits, labels, ignore_index=-1, reduction="sum")
        count += int((labels >= 0).sum())
    return total / count


def logits_of(model, sequences):
    with torch.no_grad():
        return torch.cat([model(torch.tensor([ids])).logits[0].float() for ids in sequences]).contiguous()


def trained(model):
    return {n: p for n, p in model.named_parameters() if p.requires_grad}


def losses_of_training(model, sequences, targets, steps=10):
    """Loss before each AdamW step, with weight decay and a clipped gradient."""
    parameters = list(trained(model).values())
    optimiser = torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.1)
    losses = []
    for _ in range(steps):
        optimiser.zero_grad()
        loss = loss_of(model, sequences, targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        losses.append(loss.item())
    return losses


def examples(vocabulary):
    """Two sequences of different lengths; the loss looks at all but the first tokens, as after a prompt."""
    generator = torch.Generator().manual_seed(7)
    sequences = [torch.randint(0, vocabulary, (n,), generator=generator).tolist() for n in (17, 6)]
    targets = []
    for ids, prompt in zip(sequences, (4, 1)):
        targets.append([ids[t + 1] if prompt <= t + 1 < len(ids) else -1 for t in range(len(ids))])
    return sequences, targets


def make(name, config, target_modules):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").float().eval()
    randomise(model, 1)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    sequences, targets = examples(config.vocab_size)
    tensors = {"logits": logits_of(model, sequences)}
    expected = {"transformers": transformers.__version__, "peft": peft.__version__, "torch": torch.__version__.split("+")[0],
                "sequences": sequences, "targets": targets, "loss": loss_of(model, sequences, targets).item()}

    rounded = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, attn_implementation="eager").eval()
    tensors["logits_bf16_native"] = logits_of(rounded, sequences)
    # Into a float32 model, not rounded.float(): constants that are no weights (Gemma's scale of the embedding) would stay rounded.
    model.load_state_dict(rounded.state_dict())
    tensors["logits_bf16"] = logits_of(model, sequences)

    model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    lora = peft.get_peft_model(model, peft.LoraConfig(r=3, lora_alpha=5, lora_dropout=0.0, target_modules=target_modules, task_type="CAUSAL_LM",
                                                      fan_in_fan_out=config.model_type == "gpt2"))
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for p in trained(lora).values():
            p.copy_(torch.randn(p.shape, generator=generator) * 0.3)
    lora.save_pretrained(folder / "adapter")
    (folder / "adapter" / "README.md").unlink(missing_ok=True)
    settings = folder / "adapter" / "adapter_config.json"
    settings.write_text(settings.read_text().replace(str(folder), name))  # no path of the machine that ran this
    tensors["adapted_logits"] = logits_of(lora, sequences)
    loss = loss_of(lora, sequences, targets)
    loss.backward()
    expected["adapted_loss"] = loss.item()
    for n, p in trained(lora).items():
        tensors["grad." + n.replace(".default", "")] = p.grad.clone().contiguous()
    expected["training_losses"] = losses_of_training(lora, sequences, targets)
    (folder / "expected.json").write_text(json.dumps(expected) + "\n")
    save_file(tensors, folder / "expected.safetensors")
    print(name, sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) // 1024, "KB, largest logit",
          tensors["logits"].abs().max().item(), "losses", expected["training_losses"])


STORED = {"stored-f16-shards": ("llama-untied", torch.float16, "6KB"), "stored-bf16-shards": ("qwen2", torch.bfloat16, "6KB"), "stored-bf16-gpt2": ("gpt2", torch.bfloat16, "1GB")}


def make_stored(name, base, dtype, shard):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    model = transformers.AutoModelForCausalLM.from_pretrained(OUT / base, dtype=dtype, attn_implementation="eager").eval()
    model.save_pretrained(folder, max_shard_size=shard)
    (folder / "generation_config.json").unlink(missing_ok=True)
    sequences, targets = examples(model.config.vocab_size)
    save_file({"logits": logits_of(model.float(), sequences)}, folder / "expected.safetensors")
    (folder / "expected.json").write_text(json.dumps({"transformers": transformers.__version__, "sequences": sequences, "targets": targets}) + "\n")
    print(name, sorted(f.name for f in folder.iterdir()))


if __name__ == "__main__":
    for name, (config, target_modules) in MODELS.items():
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            make(name, config, target_modules)
    for name, settings in STORED.items():
        if len(sys.argv) == 1 or name in sys.argv[1:]:
            make_stored(name, *settings)
