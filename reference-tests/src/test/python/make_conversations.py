"""Token ids of prompt and answer of every assistant turn, from the real transformers library, for ConversationReferenceTest.

Run:  python make_conversations.py reference-tests/src/test/resources

The prompt of a turn is apply_chat_template of everything before it with the generation prompt; the answer is what apply_chat_template of
everything up to it has after that. Templates are this project's own, from make_chat_fixtures.py; the tokenizer is trained here.
"""
import json
import sys
import tempfile
from pathlib import Path

import tokenizers
from jinja2.exceptions import TemplateError
from transformers import PreTrainedTokenizerFast

from make_chat_fixtures import TEMPLATES

SPECIAL = ["<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", "<start_of_turn>", "<end_of_turn>"]
OWN = {
    "chatml": TEMPLATES["chatml"],
    # The date of the day would change the ids.
    "llama3-like": TEMPLATES["llama3-like"].replace('strftime_now("%d %b %Y")', '"9 Apr 2031"'),
    "strips-earlier-thinking": TEMPLATES["qwen-like"],
    "gemma-like": TEMPLATES["gemma-like"],
    "no-system-role": "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('there is no system role') }}{% endif %}"
                      "{{ '[Q]' + m.content + '[/Q]' if m.role == 'user' else ' ' + m.content + eos_token }}{% endfor %}",
}
CONVERSATIONS = [
    [("user", "How many ships?"), ("assistant", "Twelve.")],
    [("system", "You keep a lighthouse."), ("user", "How many ships?"), ("assistant", "Twelve."), ("user", "And at night?"), ("assistant", " Three,\nI think. ")],
    [("user", "Count."), ("assistant", "<think>\nOne, two.\n</think>\n\nTwo."), ("user", "Again."), ("assistant", "<think>\nStill two.\n</think>\n\nTwo.")],
    [("user", "é 漢字 😀"), ("assistant", "{{ x }} {% y %}"), ("user", "<s>?"), ("assistant", "No <|im_end|> here."), ("user", "Why?"), ("assistant", "So.")],
    [("user", "Look it up."), ("assistant", "I look."), ("tool", "dusk: 12"), ("assistant", "Twelve at dusk.")],
    [("user", "One."), ("user", "Two."), ("assistant", "Both.")],
]
ERRORS = (TemplateError, TypeError)


def asked(conversation, i):
    return conversation[i][0] == "assistant" and any(role in ("user", "tool") for role, _ in conversation[:i])


def turns(tokenizer, conversation):
    """For each answer [ids of the prompt, ids of the answer], or null if the template refuses it."""
    messages = [{"role": role, "content": content} for role, content in conversation]
    out = []
    for i in range(len(messages)):
        if asked(conversation, i):
            try:
                prompt = tokenizer.apply_chat_template(messages[:i], add_generation_prompt=True, tokenize=True, return_dict=False)
                whole = tokenizer.apply_chat_template(messages[:i + 1], tokenize=True, return_dict=False)
            except ERRORS:
                out.append(None)
                continue
            assert whole[:len(prompt)] == prompt, (conversation, i)
            out.append([prompt, whole[len(prompt):]])
    return out


def main():
    t = tokenizers.Tokenizer(tokenizers.models.BPE())
    t.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = tokenizers.decoders.ByteLevel()
    t.train_from_iterator(["the keeper counts the ships at dusk and again at night, I think: twelve of them"] * 5, tokenizers.trainers.BpeTrainer(
        vocab_size=340, special_tokens=SPECIAL, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tokenizer.json")
        t.save(str(path))
        tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(path), bos_token="<s>", eos_token="</s>")
        text = json.loads(path.read_text())
    result = {"tokenizer": text, "conversations": CONVERSATIONS, "templates": {}}
    for name, template in OWN.items():
        tokenizer.chat_template = template
        result["templates"][name] = {"template": template, "turns": [turns(tokenizer, c) for c in CONVERSATIONS]}
    Path(sys.argv[1], "conversations.json").write_text(json.dumps(result, ensure_ascii=True) + "\n")
    print({name: [[turn and [len(part) for part in turn] for turn in c] for c in r["turns"]] for name, r in result["templates"].items()})


if __name__ == "__main__":
    main()
