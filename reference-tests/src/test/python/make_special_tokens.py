"""What transformers makes of special and added tokens in the files beside tokenizer.json: ids for nn's TokenizerSettingsTest.

Run:  python make_special_tokens.py > nn/src/test/resources/agl/nn/tokenizer/special_tokens.json
"""
import json
import logging
import pathlib
import tempfile

import tokenizers
import transformers

transformers.logging.set_verbosity(logging.CRITICAL)
t = tokenizers.Tokenizer(tokenizers.models.BPE())
t.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
t.decoder = tokenizers.decoders.ByteLevel()
t.train_from_iterator(["the keeper counts the ships at dusk"] * 5, tokenizers.trainers.BpeTrainer(
    vocab_size=275, special_tokens=["<s>", "</s>", "<E>"], initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
BASE = json.loads(t.to_str())
SIZE = len(BASE["model"]["vocab"])


def token(content, **changes):
    return dict(content=content, lstrip=False, rstrip=False, single_word=False, normalized=False, special=True) | changes


def added(*tokens):
    return [dict(id=id, **token(content)) for id, content in tokens]


FAST = dict(tokenizer_class="PreTrainedTokenizerFast", bos_token="<s>", eos_token="</s>")
DECODER = {str(SIZE): token("<|user|>"), str(SIZE + 1): token("<|end|>", rstrip=True)}
TEXT = "<|user|>the ships<|end|> at</s> dusk<E><|a|>"
# name: (added_tokens of tokenizer.json or None for those of training, tokenizer_config.json, special_tokens_map.json, added_tokens.json)
CASES = {
    "nothing beside": (None, None, None, None),
    "added_tokens_decoder": (None, FAST | dict(added_tokens_decoder=DECODER), None, None),
    "a decoder closes the other files": (None, FAST | dict(added_tokens_decoder=DECODER), dict(eos_token="<E>"), {"<|a|>": SIZE + 2}),
    "added_tokens.json": (None, FAST, None, {"<|user|>": SIZE, "<|end|>": SIZE + 1}),
    "added_tokens.json names a special one": (None, FAST | dict(pad_token="<|end|>"), None, {"<|user|>": SIZE, "<|end|>": SIZE + 1}),
    "added_tokens.json with another id": (None, FAST, None, {"<|user|>": SIZE + 100, "<|end|>": SIZE + 50}),
    "extra_special_tokens": (None, FAST | dict(extra_special_tokens=["<|user|>", "<|end|>"]), None, None),
    "additional_special_tokens": (None, FAST | dict(additional_special_tokens=["<|end|>", "<|user|>"]), None, None),
    "extra before additional": (None, FAST | dict(extra_special_tokens=["<|user|>"], additional_special_tokens=["<|end|>"]), None, None),
    "extra empty": (None, FAST | dict(extra_special_tokens=[], additional_special_tokens=["<|end|>"]), None, None),
    "extra by name": (None, FAST | dict(extra_special_tokens=dict(boi_token="<|user|>", other="<|end|>")), None, None),
    "a name of the model's own": (None, FAST | dict(image_token="<|user|>"), None, None),
    "eos_token in the configuration only": (None, FAST | dict(eos_token="<|end|>"), None, None),
    "pad_token in the configuration only": (None, FAST | dict(pad_token="<|end|>"), None, None),
    "a special token of the vocabulary is found in the text": ([], FAST, None, None),
    "the map before the configuration": (None, FAST, dict(bos_token="<s>", eos_token="<E>"), None),
    "the map's objects": (None, FAST, dict(eos_token=dict(content="<|end|>", lstrip=False, rstrip=True, single_word=False, normalized=False)), None),
    "the map's additional_special_tokens": (None, FAST, dict(additional_special_tokens=["<|user|>"]), None),
    "the configuration's before the map's": (None, FAST | dict(additional_special_tokens=["<|end|>"]), dict(additional_special_tokens=["<|user|>"]), None),
    "the map's extra_special_tokens join": (None, FAST | dict(extra_special_tokens=["<|end|>"]), dict(extra_special_tokens=["<|user|>"]), None),
    "the map alone": (None, None, dict(eos_token="<E>", pad_token="<|end|>"), None),
    "objects in the configuration": (None, FAST | dict(eos_token=dict(__type="AddedToken", **token("<|end|>", rstrip=True))), None, None),
    "eos_token of null": (None, FAST | dict(eos_token=None), None, None),
    "ids with a gap": (added((1000, "<|a|>"), (1005, "<|end|>")), FAST, None, None),
    "ids out of order": (added((SIZE + 1, "<|a|>"), (SIZE, "<|end|>")), FAST, None, None),
    "an id of the vocabulary": (added((5, "<|a|>")), FAST, None, None),
    "another id for a token of the vocabulary": (added((SIZE + 7, "<E>"), (SIZE, "<|a|>")), FAST, None, None),
    "twice in the file": (added((SIZE, "<|a|>"), (SIZE + 1, "<|end|>")) + [dict(id=SIZE + 2, **token("<|end|>", rstrip=True))], FAST, None, None),
    "an empty one": (added((SIZE, ""), (SIZE + 1, "<|end|>")), FAST, None, None),
    "other flags beside": (added((SIZE, "<|end|>")), FAST | dict(added_tokens_decoder={str(SIZE): token("<|end|>", rstrip=True, special=False)}), None, None),
    "named, so special": (None, FAST | dict(eos_token="<|end|>", added_tokens_decoder={str(SIZE): token("<|end|>", special=False)}), None, None),
    "named beside, not special in the file": ([dict(id=SIZE, **token("<|end|>", special=False))], FAST | dict(eos_token="<|end|>"), None, None),
    "named beside, with flags in the file": ([dict(id=SIZE, **token("<|end|>", rstrip=True))], FAST | dict(eos_token="<|end|>"), None, None),
    "extra beside, with flags in the file": ([dict(id=SIZE, **token("<|end|>", rstrip=True))], FAST | dict(extra_special_tokens=["<|end|>"]), None, None),
    "a name of the model's own, an object": (None, FAST | dict(image_token=dict(__type="AddedToken", **token("<|end|>", rstrip=True))), None, None),
    "the map's own name, an object": (None, FAST, dict(image_token=token("<|end|>", rstrip=True)), None),
    "the map's extra replace its additional": (None, FAST, dict(extra_special_tokens=["<|user|>"], additional_special_tokens=["<|end|>"]), None),
    "the map's name makes an added one special": (None, FAST | dict(pad_token="<|end|>"), dict(pad_token="<|user|>"), {"<|user|>": SIZE, "<|end|>": SIZE + 1}),
    "extra ones make an added one special": (None, FAST | dict(extra_special_tokens=["<|end|>"]), None, {"<|user|>": SIZE, "<|end|>": SIZE + 1}),
    "the map's extra make an added one special": (None, FAST, dict(extra_special_tokens=["<|end|>"]), {"<|user|>": SIZE, "<|end|>": SIZE + 1}),
    "an added id that the file gives to another": (added((SIZE, "<|a|>")), FAST | dict(eos_token=dict(__type="AddedToken", **token("<|end|>", rstrip=True))), None, {"<|end|>": SIZE}),
    "class: LlamaTokenizer": (None, dict(tokenizer_class="LlamaTokenizer"), None, None),
    "class: LlamaTokenizerFast with names": (None, dict(tokenizer_class="LlamaTokenizerFast", eos_token="<E>"), None, None),
    "switches that do nothing": (None, FAST | dict(add_bos_token=True, add_eos_token=True, add_prefix_space=True), None, None),
    "class: Qwen2Tokenizer": (None, dict(tokenizer_class="Qwen2Tokenizer"), None, None),
    "class: GPT2Tokenizer": (None, dict(tokenizer_class="GPT2TokenizerFast", eos_token="<E>"), None, None),
    "class: null is not silent": (None, dict(tokenizer_class="Qwen2Tokenizer", eos_token=None, unk_token=None, pad_token=None), None, None),
}

cases = []
for name, (own, config, special_map, added_json) in CASES.items():
    files = {"tokenizer.json": BASE | ({} if own is None else dict(added_tokens=own)), "tokenizer_config.json": config, "special_tokens_map.json": special_map,
             "added_tokens.json": added_json}
    with tempfile.TemporaryDirectory() as folder:
        for file, content in files.items():
            if content is not None:
                (pathlib.Path(folder) / file).write_text(json.dumps(content))
        x = transformers.AutoTokenizer.from_pretrained(folder)
    ids = x(TEXT)["input_ids"]
    case = dict(name=name, config=config, map=special_map, added=added_json, ids=ids, skipping=x.decode(ids, skip_special_tokens=True),
                **{k: -1 if getattr(x, k + "_token_id") is None else getattr(x, k + "_token_id") for k in ("bos", "eos", "pad")}, special_tokens_map=x.special_tokens_map)
    if own is not None:
        case["own"] = own
    cases.append({k: v for k, v in case.items() if v is not None})
print(json.dumps(dict(transformers=transformers.__version__, tokenizers=tokenizers.__version__, text=TEXT, base=BASE, cases=cases)))
