"""What the real `tokenizers` library makes of the parts of a tokenizer.json, one by one, for nn's PartsTest.

Run:  python make_tokenizer_parts.py > nn/src/test/resources/agl/nn/tokenizer/parts.json

    normalizers     a normalizer, texts and what becomes of them
    pre_tokenizers  a pre-tokenizer, texts and the pieces they are cut into; null for the empty text, which is never cut
    decoders        a decoder, lists of tokens and the text they are; null where the library fails (Strip of more than there is)
    tokenizers      a whole tokenizer.json; texts and their ids without and with the template's tokens, lists of ids and their text with and
                    without special tokens; null where the library refuses

Every part here is one that both take; what is refused is in TokenizerRefusalTest.
"""
import json

from tokenizers import Tokenizer

SPACES = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
OTHERS = "\x08\x0e\x1c\x1f\x84\x86\u180e\u1fff\u200b\u2027\u202a\u3001"


def whole(model=None, **parts):
    base = dict(version="1.0", truncation=None, padding=None, added_tokens=[], normalizer=None, pre_tokenizer=None, post_processor=None, decoder=None,
                model=model or bpe(["a"]))
    return base | parts


def bpe(vocab, merges=(), **settings):
    ids = vocab if isinstance(vocab, dict) else {t: i for i, t in enumerate(vocab)}
    return dict(type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None, end_of_word_suffix=None, fuse_unk=False, byte_fallback=False,
                ignore_merges=False, vocab=ids, merges=list(merges)) | settings


def added(id, content, **flags):
    return dict(id=id, content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=False) | flags


def regex(pattern):
    return dict(Regex=pattern)


def replace(pattern, content="|"):
    return dict(type="Replace", pattern=pattern, content=content)


TEXTS = ["", " ", "a", " a b  c ", "Ab1 23x\u0663", "it's 42, isn't it?", "x--y_z.", "\u0301e\u0301\u0903\u20dd n\u0303", "\u0130I\u03a3\u00df", "\U0001f600a\U00010400", SPACES + "x" + SPACES,
         OTHERS + "x" + OTHERS, "\u2581a \u2581", "aaXbXXc", "\u00bd\u2167\u00b2 7", "[a]{b}(c)<d>$+~^`|=", "\u00a1\u2014\u00ab\u203f\u0f3a\u2030\u2044\u00a7", "\n\r\nx\t"]
# Oniguruma's patterns, seen by what they replace.
PATTERNS = ["a", "\\s", "\\S", "\\d", "\\D", "\\r|\\n|\\t|\\f", "\\p{L}", "\\P{L}", "\\p{^L}", "\\P{^L}", "\\p{Lu}", "\\p{Ll}", "\\p{M}", "\\p{Mn}", "\\p{N}", "\\p{Nd}", "\\p{Nl}", "\\p{No}", "\\p{P}", "\\p{Pd}",
            "\\p{Ps}", "\\p{S}", "\\p{Sc}", "\\p{Z}", "\\p{Zs}", "\\p{C}", "\\p{Cc}", "\\p{Greek}", "\\p{Latin}", "\\p{Arabic}", "\\p{Alphabetic}", "[a-c]", "[^a-c]", "[\\p{L}\\d]", "[^\\s\\p{L}\\p{N}]+", "[a\\]b]", "[\\^a]",
            "[&a]", "\\u0061", "\\u2581", "\\.", "\\-", "\\[", "\\{", "\\|", "(?:ab|b)", "(?i:AB)", "(?i:\u03c3)", "(a)(b)", "a(?=b)", "a(?!b)", "(?<=a)b", "(?<!a)X", "a{2}", "X{1,}", "X{1,2}", "a+?", "a*X", "X?b", "a++",
            "\\~", "\\!", "x{0}", "X*", "[(]", "[{]", "[.$]", "b|", "[^\\]]"]
NORMALIZERS = [dict(type=t) for t in ("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "ByteLevel")] \
    + [dict(type="Prepend", prepend="\u2581"), dict(type="Strip", strip_left=True, strip_right=True), dict(type="Strip", strip_left=True, strip_right=False),
       dict(type="Strip", strip_left=False, strip_right=True), dict(type="Strip", strip_left=False, strip_right=False), replace(dict(String="a"), "bb"), replace(dict(String="."), ""),
       replace(dict(String="aX"), "$1\\"), dict(type="Sequence", normalizers=[dict(type="Lowercase"), replace(dict(String="x"), "Y")]), dict(type="Sequence", normalizers=[])] \
    + [replace(regex(p)) for p in PATTERNS]

BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
PRE_TOKENIZERS = [dict(type="ByteLevel", add_prefix_space=p, trim_offsets=True, use_regex=r) for p in (False, True) for r in (False, True)] \
    + [dict(type="Digits", individual_digits=d) for d in (False, True)] + [dict(type="Whitespace"), dict(type="WhitespaceSplit"), dict(type="CharDelimiterSplit", delimiter="X")] \
    + [dict(type="Punctuation", behavior=b) for b in BEHAVIORS] \
    + [dict(type="Metaspace", replacement=m, prepend_scheme=s, split=x) for m in ("\u2581", "_") for s in ("always", "first", "never") for x in (False, True)] \
    + [dict(type="Split", pattern=p, behavior=b, invert=i) for p in (dict(String="X"), regex("\\p{L}+|\\d"), regex("a|X")) for b in BEHAVIORS for i in (False, True)] \
    + [dict(type="Split", pattern=regex("X*"), behavior=b, invert=False) for b in BEHAVIORS] \
    + [dict(type="Sequence", pretokenizers=[dict(type="WhitespaceSplit"), dict(type="Digits", individual_digits=True)]), dict(type="Sequence", pretokenizers=[]),
       dict(type="Sequence", pretokenizers=[dict(type="WhitespaceSplit"), dict(type="Metaspace", replacement="\u2581", prepend_scheme="first", split=False)]),
       dict(type="Sequence", pretokenizers=[dict(type="Digits", individual_digits=True), dict(type="ByteLevel", add_prefix_space=True, trim_offsets=True, use_regex=True)])]

TOKENS = [[], ["a"], ["a", "b"], [" a ", " b "], ["\u2581a", "\u2581b", "c\u2581"], ["\u2581", "\u2581\u2581a"], ["a</w>", "b</w>"], ["</w>", "x</w>y", "</w>"], ["<0x41>", "<0xc3>", "<0xA9>", "b"],
          ["<0xC3>", "a"], ["x", "<0xE2>", "<0x82>", "<0xAC>", "<0xFF>"], ["<0xG1>", "<0x4>", "<0x041>", "<0x41", "0x41>", "<0x80>"], ["xxaxx", "xx", "axa"], ["\u0120a", "\u010a", "\u00c3\u00a9"],
          ["\u00c3", "a\u00e2\u0124", "\u2581"], ["\u0143\u0100\u0120", "a b", "\u00ad", "\u0144"], ["\u00ed\u0142\u0122", "\u00f4\u0132", "\u00f0\u0141", "\u00e0\u0141\u0122", "\u00c1\u0122"], ["\u65e5", "\u0120"],
          ["!~\u00a1\u00ac\u00ae\u00ff", "\u0121\u0141"]]
DECODERS = [dict(type="ByteLevel", add_prefix_space=True, trim_offsets=True, use_regex=True), dict(type="ByteFallback"), dict(type="Fuse"), replace(dict(String="\u2581"), " "), replace(regex("[xa]"), "z"),
            dict(type="BPEDecoder", suffix="</w>"), dict(type="Sequence", decoders=[dict(type="ByteFallback"), dict(type="Fuse"), dict(type="Strip", content=" ", start=1, stop=0)]), dict(type="Sequence", decoders=[])] \
    + [dict(type="Strip", content="x", start=a, stop=b) for a in (0, 1, 2, 5) for b in (0, 1, 3)] \
    + [dict(type="Metaspace", replacement=m, prepend_scheme=s, split=True) for m in ("\u2581", "x") for s in ("always", "first", "never")]

LETTERS = [chr(c) for c in range(ord(" "), ord("~") + 1)]
BYTES = [f"<0x{b:02X}>" for b in range(256)]
AROUND = dict(type="TemplateProcessing", single=[dict(SpecialToken=dict(id="S", type_id=0)), dict(Sequence=dict(id="A", type_id=0)), dict(SpecialToken=dict(id="E", type_id=0)), dict(SpecialToken=dict(id="S", type_id=0))],
              pair=[dict(Sequence=dict(id="A", type_id=0)), dict(Sequence=dict(id="B", type_id=0))], special_tokens=dict(S=dict(id="S", ids=[0, 2], tokens=["a", "c"]), E=dict(id="E", ids=[1], tokens=["b"])))
AB = ["ab", "ba", "abab", "aab", "abc", "x", "axb", "", "b", "xx", "xax", "\u00e9", "a" * 70 + "b", "A"]
TOKENIZERS = {
    "merge of id 0": (whole(bpe(["ab", "a", "b"], [["a", "b"]])), AB),
    "merge from id 0": (whole(bpe(["a", "b", "ab"], [["a", "b"]])), AB),
    "merge with id 0": (whole(bpe(["b", "a", "ab"], [["a", "b"]])), AB),
    "merges as lines": (whole(bpe(["a", "b", "ab", "abab"], ["#version: 0.2", "a b", "ab ab"])), AB),
    "ranks": (whole(bpe(["a", "b", "ab", "aa", "aab"], [["a", "a"], ["a", "b"], ["aa", "b"]])), AB),
    "other ranks": (whole(bpe(["a", "b", "ab", "aa", "aab"], [["a", "b"], ["a", "a"], ["a", "ab"]])), AB),
    "a merge twice": (whole(bpe(["a", "b", "ab", "ba", "aba"], [["a", "b"], ["b", "a"], ["a", "b"], ["ab", "a"]])), AB),
    "whole words": (whole(bpe(["ab", "a", "b"], ignore_merges=True)), AB),
    "not whole words": (whole(bpe(["ab", "a", "b"], ignore_merges=False)), AB),
    "unknown": (whole(bpe(["<u>", "a", "b"], unk_token="<u>")), AB),
    "unknown fused": (whole(bpe(["<u>", "a", "b"], unk_token="<u>", fuse_unk=True)), AB),
    "unknown missing": (whole(bpe(["a", "b"], unk_token="<u>")), AB),
    "bytes": (whole(bpe(BYTES + ["<u>", "a", "b"], unk_token="<u>", byte_fallback=True)), AB),
    "some bytes": (whole(bpe(["<0x41>", "<u>", "<0xC3>", "a"], unk_token="<u>", byte_fallback=True)), AB),
    "bytes not wanted": (whole(bpe(["<0x41>", "<u>", "a"], unk_token="<u>")), AB),
    "prefix": (whole(bpe(["a", "##b", "##a", "ab", "b", "##ba"], [["a", "##b"], ["##b", "##a"]], continuing_subword_prefix="##")), AB),
    "merge with the prefix alone": (whole(bpe(["a", "##", "b"], [["a", "##"]], continuing_subword_prefix="##")), AB),
    "suffix": (whole(bpe(["a", "b</w>", "ab</w>", "b", "a</w>"], [["a", "b</w>"]], end_of_word_suffix="</w>")), AB),
    "prefix, suffix, unknown, bytes": (whole(bpe(BYTES + ["a", "##b</w>", "##a", "<u>", "a</w>"], [], continuing_subword_prefix="##", end_of_word_suffix="</w>", unk_token="<u>", byte_fallback=True)), AB),
    "gaps": (whole(bpe({"a": 3, "b": 7, "ab": 5}, [["a", "b"]])), AB),
    "template": (whole(bpe(["a", "b", "c"]), post_processor=AROUND), AB),
    "bert": (whole(bpe(["a", "b", "c"]), post_processor=dict(type="BertProcessing", sep=["a", 0], cls=["b", 1])), AB),
    "roberta": (whole(bpe(["a", "b", "c"]), post_processor=dict(type="RobertaProcessing", sep=["c", 2], cls=["a", 0], trim_offsets=True, add_prefix_space=False)), AB),
    "post-processors": (whole(bpe(["a", "b", "c"]), post_processor=dict(type="Sequence", processors=[dict(type="ByteLevel", add_prefix_space=True, trim_offsets=False, use_regex=True), AROUND])), AB),
    "added": (whole(bpe(LETTERS), added_tokens=[added(95, "<a>"), added(96, "<a><b>"), added(97, "<s>", special=True)]), ["<a>", "x<a><b>y", "<a><a>", "<a><c>", "<<a>>", "<s>x<s>", "<a", ""]),
    "stripping": (whole(bpe(LETTERS), added_tokens=[added(95, "<l>", lstrip=True), added(96, "<r>", rstrip=True), added(97, "<b>", lstrip=True, rstrip=True)]),
                  ["a <l> b", "a <r> b", "a  <b>  b", "<l>", " <l>", "<r> ", "<b> <b>", "<r> <l>", "  <l>  <l>", "a\t\n<b>\u00a0b"]),
    "single words": (whole(bpe(LETTERS), added_tokens=[added(95, "ab", single_word=True), added(96, "-c", single_word=True)]), ["ab", "xab", "abx", "x ab y", "ab ab", "_ab", "ab_", "ab1", "1ab", "-ab-", "\u00e9ab", "ab\u0301", "ab\U00010400", "\U00010400ab", "abab ab", "-c", "-c-", "x-c"]),
    "normalized": (whole(bpe(LETTERS), normalizer=dict(type="Lowercase"), added_tokens=[added(95, "AB", normalized=True), added(96, "CD"), added(97, "Ef", normalized=True, special=True)]),
                   ["AB", "ab", "Ab", "CD", "cd", "xABCDEF", "Ef", "CDAB"]),
    "normalized and not of one form": (whole(bpe(LETTERS), normalizer=dict(type="Lowercase"), added_tokens=[added(95, "AB", normalized=True), added(96, "ab")]), ["AB", "ab"]),
    "twice with other flags": (whole(bpe(LETTERS), added_tokens=[added(95, "<a>", special=True), added(96, "<b>"), added(95, "<a>", rstrip=True)]), ["<a> x<b>", "<b> <a>"]),
    "of the vocabulary": (whole(bpe(LETTERS), added_tokens=[added(65, "a", special=True)]), ["a", "bab"]),
    "first piece": (whole(bpe(["_", "a", "b", "_a", "_b"], [["_", "a"], ["_", "b"]]), pre_tokenizer=dict(type="Metaspace", replacement="_", prepend_scheme="first", split=True), added_tokens=[added(5, "<s>"), added(6, "<n>", normalized=True)]),
                    ["a", "a b", "<s>a", "a<s>b", "<n>a", "a<n>b", "ab", " a", "<s><n>a"]),
    "no decoder": (whole(bpe(LETTERS)), ["a b"]),
    "half of a pair": (whole(bpe(LETTERS + ["\ufffd", "\ue000", "\ud7ff"])), ["a\ufffdb", "\ue000", "\ud7ff", "\U0001f600"]),
    "BPEDecoder": (whole(bpe(["a</w>", "b"]), decoder=dict(type="BPEDecoder", suffix="</w>")), []),
}


def attempt(f, x):
    try:
        return f(x)
    except BaseException:  # a panic of the library's is no Exception
        return None


def main():
    out = dict(texts=TEXTS, tokens=TOKENS, normalizers=[], pre_tokenizers=[], decoders=[], tokenizers=[])
    for part in NORMALIZERS:
        t = Tokenizer.from_str(json.dumps(whole(normalizer=part)))
        out["normalizers"].append(dict(part=part, results=[t.normalizer.normalize_str(x) for x in TEXTS]))
    for part in PRE_TOKENIZERS:
        t = Tokenizer.from_str(json.dumps(whole(pre_tokenizer=part)))
        out["pre_tokenizers"].append(dict(part=part, results=[[p for p, _ in t.pre_tokenizer.pre_tokenize_str(x)] if x else None for x in TEXTS]))
    for part in DECODERS:
        t = Tokenizer.from_str(json.dumps(whole(decoder=part)))
        out["decoders"].append(dict(part=part, results=[attempt(lambda tokens: t.decoder.decode(list(tokens)), x) for x in TOKENS]))
    for name, (file, texts) in TOKENIZERS.items():
        t = Tokenizer.from_str(json.dumps(file))
        size = t.get_vocab_size()
        lists = [[], list(range(size))[:120], [0], [size - 1], [0, size, 1, 0], [size - 1, size - 2]]
        out["tokenizers"].append(dict(name=name, file=file, texts=texts, plain=[attempt(lambda x: t.encode(x, add_special_tokens=False).ids, x) for x in texts],
                                      special=[attempt(lambda x: t.encode(x).ids, x) for x in texts], lists=lists,
                                      decoded=[t.decode(x, skip_special_tokens=False) for x in lists], skipped=[t.decode(x, skip_special_tokens=True) for x in lists]))
    print(json.dumps(out, separators=(",", ":")).replace("},{", "},\n{"))


if __name__ == "__main__":
    main()
