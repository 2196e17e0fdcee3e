"""What transformers makes of config.json files that say a thing twice, in two places or not at all: numbers for nn's ConfigRulesTest.

Run:  python make_configs.py > nn/src/test/resources/agl/nn/configs.json
"""
import json
import logging
import pathlib
import tempfile

import torch
import transformers

transformers.logging.set_verbosity(logging.CRITICAL)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8)
SIZES = dict(hidden_size=32, intermediate_size=8, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=8, vocab_size=11, max_position_embeddings=256)
GEMMA = dict(query_pre_attn_scalar=16, layer_types=["sliding_attention", "full_attention", "sliding_attention"], sliding_window=5)
CASES = {
    "theta at the top": dict(rope_theta=500.0),
    "theta in rope_parameters before the top": dict(rope_theta=500.0, rope_parameters=dict(rope_type="default", rope_theta=70.0)),
    "theta in rope_scaling before the top": dict(rope_theta=500.0, rope_scaling=dict(rope_type="linear", factor=2.0, rope_theta=70.0)),
    "no theta": dict(),
    "rope_scaling before rope_parameters": dict(rope_scaling=LLAMA3, rope_parameters=dict(rope_type="default", rope_theta=500.0), rope_theta=600.0),
    "the theta of rope_parameters is lost beside rope_scaling": dict(rope_scaling=LLAMA3, rope_parameters=dict(rope_type="default", rope_theta=500.0)),
    "an empty rope_scaling is none": dict(rope_scaling={}, rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=500.0)),
    "a null rope_scaling is none": dict(rope_scaling=None, rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=500.0)),
    "type for rope_type": dict(rope_scaling=dict(type="linear", factor=4.0)),
    "rope_type before type": dict(rope_scaling=dict(type="llama3", rope_type="linear", factor=4.0)),
    "factor without a type": dict(rope_scaling=dict(factor=4.0)),
    "original at the top": dict(rope_scaling={k: v for k, v in LLAMA3.items() if k != "original_max_position_embeddings"}, original_max_position_embeddings=8),
    "original at the top before the block's": dict(rope_scaling=LLAMA3, original_max_position_embeddings=32),
    "original nowhere": dict(rope_scaling={k: v for k, v in LLAMA3.items() if k != "original_max_position_embeddings"}, max_position_embeddings=64),
    "original and positions nowhere": dict(rope_scaling={k: v for k, v in LLAMA3.items() if k != "original_max_position_embeddings"}, max_position_embeddings=None),
    "mistral: original and positions nowhere": dict(model_type="mistral", rope_scaling={k: v for k, v in LLAMA3.items() if k != "original_max_position_embeddings"},
                                                    max_position_embeddings=None),
    "qwen2: original and positions nowhere": dict(model_type="qwen2", rope_scaling={k: v for k, v in LLAMA3.items() if k != "original_max_position_embeddings"},
                                                  max_position_embeddings=None),
    "gemma: defaults": dict(model_type="gemma3_text", **GEMMA),
    "gemma: old names": dict(model_type="gemma3_text", **GEMMA, rope_theta=1000.0, rope_local_base_freq=50.0, rope_scaling=dict(rope_type="linear", factor=8.0)),
    "gemma: the old name of the type is not read": dict(model_type="gemma3_text", **GEMMA, rope_scaling=dict(type="linear", factor=8.0)),
    "gemma: rope_scaling over full_attention": dict(model_type="gemma3_text", **GEMMA, rope_scaling=dict(rope_type="linear", factor=4.0), rope_parameters=dict(
        full_attention=dict(rope_type="default", rope_theta=1000.0), sliding_attention=dict(rope_type="default", rope_theta=333.0))),
    "gemma: full_attention alone": dict(model_type="gemma3_text", **GEMMA, rope_local_base_freq=50.0, rope_parameters=dict(full_attention=LLAMA3)),
    "gemma: sliding_attention alone": dict(model_type="gemma3_text", **GEMMA, rope_theta=77.0, rope_parameters=dict(sliding_attention=dict(rope_type="linear", factor=2.0))),
    "gemma: a block that is null": dict(model_type="gemma3_text", **GEMMA, rope_parameters=dict(full_attention=None, sliding_attention=dict(rope_type="default", rope_theta=9.0))),
    "gemma: one block for all is not read": dict(model_type="gemma3_text", **GEMMA, rope_parameters=dict(rope_type="linear", factor=8.0, rope_theta=9.0)),
    "gemma: original at the top is not read": dict(model_type="gemma3_text", **GEMMA, original_max_position_embeddings=8, rope_parameters=dict(
        full_attention={k: v for k, v in LLAMA3.items() if k != "original_max_position_embeddings"})),
    "gemma: rope_scaling without full_attention": dict(model_type="gemma3_text", **GEMMA, rope_scaling=dict(rope_type="linear", factor=4.0), rope_parameters=dict(
        sliding_attention=dict(rope_type="default"))),
    "gemma: a window of null": dict(model_type="gemma3_text", **{**GEMMA, "sliding_window": None}),
    "gemma: every second layer without a window": dict(model_type="gemma3_text", **{**GEMMA, "layer_types": None}, sliding_window_pattern=2),
    "gemma: no pattern": dict(model_type="gemma3_text", **{**GEMMA, "layer_types": None}),
    "qwen2: a window that is not used": dict(model_type="qwen2", sliding_window=4),
    "qwen2: from layer 0 on": dict(model_type="qwen2", sliding_window=4, use_sliding_window=True, max_window_layers=0),
    "qwen2: from layer 2 on": dict(model_type="qwen2", sliding_window=4, use_sliding_window=True, max_window_layers=2),
    "qwen2: from layer 28 on": dict(model_type="qwen2", sliding_window=4, use_sliding_window=True),
    "qwen3: layer_types before max_window_layers": dict(model_type="qwen3", sliding_window=4, use_sliding_window=True, max_window_layers=0,
                                                        layer_types=["full_attention", "sliding_attention", "full_attention"]),
    "qwen3: a window of null": dict(model_type="qwen3", sliding_window=None, use_sliding_window=True, max_window_layers=0),
    "qwen3: layer_types with a window that is not used": dict(model_type="qwen3", sliding_window=4, layer_types=["full_attention", "sliding_attention", "full_attention"]),
    "qwen2: too few layer_types": dict(model_type="qwen2", layer_types=["full_attention"]),
    "qwen2: rope per layer type": dict(model_type="qwen2", rope_parameters=dict(full_attention=dict(rope_type="linear", factor=8.0))),
    "mistral: every layer": dict(model_type="mistral", sliding_window=4, use_sliding_window=False, max_window_layers=2),
    "mistral: no window": dict(model_type="mistral", sliding_window=None),
    "mistral: the usual window": dict(model_type="mistral"),
    "mistral: layer_types": dict(model_type="mistral", sliding_window=4, layer_types=["full_attention", "sliding_attention", "full_attention"]),
    "llama: has no window": dict(sliding_window=4, use_sliding_window=True, max_window_layers=0),
    "llama: biases": dict(attention_bias=True, mlp_bias=True),
    "mistral: has no biases": dict(model_type="mistral", attention_bias=True, mlp_bias=True),
    "qwen2: biases of its own": dict(model_type="qwen2", attention_bias=False, mlp_bias=True),
    "qwen3: biases": dict(model_type="qwen3", attention_bias=True, mlp_bias=True),
    "llama: key/value heads left out": dict(num_key_value_heads=...),
    "llama: key/value heads of null": dict(num_key_value_heads=None),
    "mistral: key/value heads left out": dict(model_type="mistral", num_key_value_heads=..., num_attention_heads=16),
    "mistral: key/value heads of null": dict(model_type="mistral", num_key_value_heads=None),
    "qwen2: key/value heads left out": dict(model_type="qwen2", num_key_value_heads=..., num_attention_heads=32),
    "gemma: key/value heads left out": dict(model_type="gemma3_text", **GEMMA, num_key_value_heads=..., num_attention_heads=8),
    "unknown type of rope": dict(rope_scaling=dict(rope_type="spiral", factor=2.0)),
}


def described(config):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "config.json").write_text(json.dumps(config))
        model = transformers.AutoModelForCausalLM.from_config(transformers.AutoConfig.from_pretrained(folder)).eval()
        with torch.no_grad():
            model(torch.tensor([[1, 2, 3]]))  # some faults show here only
    rope = model.model.rotary_emb
    one = model.model.layers[0].self_attn
    out = dict(kv_heads=model.config.num_key_value_heads, q_bias=one.q_proj.bias is not None, o_bias=one.o_proj.bias is not None,
               mlp_bias=model.model.layers[0].mlp.up_proj.bias is not None)
    if model.config.model_type == "gemma3_text":
        out |= dict(frequencies=rope.full_attention_inv_freq.tolist() if hasattr(rope, "full_attention_inv_freq") else None,
                    local_frequencies=rope.sliding_attention_inv_freq.tolist() if hasattr(rope, "sliding_attention_inv_freq") else None)
    else:
        out |= dict(frequencies=rope.inv_freq.tolist())
    types = getattr(model.config, "layer_types", None) or ["sliding_attention" if model.config.model_type == "mistral" else "full_attention"] * len(model.model.layers)
    out["windows"] = [(getattr(model.config, "sliding_window", None) or 0) if t == "sliding_attention" else 0 for t in types]
    return out


cases = []
for name, changes in CASES.items():
    config = {"model_type": "llama", **SIZES, **changes}
    config = {k: v for k, v in config.items() if v is not ... and not (k == "max_position_embeddings" and v is None)}
    case = dict(name=name, config=config)
    try:
        case |= described(config)
    except Exception as e:
        case["refused"] = type(e).__name__
    cases.append(case)
print(json.dumps(dict(transformers=transformers.__version__, cases=cases), indent=1))
