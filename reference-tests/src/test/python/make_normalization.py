"""Unicode's normalization forms as the tokenizers library computes them, whose tables are older than a JDK's: texts for nn's UnicodeFormTest.

Run:  python make_normalization.py > nn/src/test/resources/agl/nn/tokenizer/normalization.json
With a file of lines "FORM<tab>code points<tab>what a JDK gives" as argument it prints the code points on which the two differ instead: UnicodeForm's table.
"""
import json
import random
import sys

import tokenizers
from tokenizers import normalizers

FORMS = dict(NFC=normalizers.NFC(), NFD=normalizers.NFD(), NFKC=normalizers.NFKC(), NFKD=normalizers.NFKD())


def text(hexadecimal):
    return "".join(chr(int(x, 16)) for x in hexadecimal.split())


if len(sys.argv) > 1:
    late = set()
    for line in open(sys.argv[1]):
        form, before, after = line.rstrip("\n").split("\t")
        if FORMS[form].normalize_str(text(before)) != text(after):
            late |= {int(x, 16) for x in before.split()} - {0x61, 0x307, 0x334, 0x345}  # what the probes are made of
    print(" ".join(f"{c:x}" for c in sorted(late)))
    sys.exit()

NEWER = [0x7FD, 0x898, 0x8CB, 0x9FE, 0xC3C, 0xD3B, 0xEBA, 0x1715, 0x1AC1, 0x1DF6, 0x32FF, 0xA7F2, 0xAB69, 0x105C9, 0x105D2, 0x10781, 0x10D24, 0x10EFD, 0x11382, 0x113C9, 0x113C2,
         0x11930, 0x11935, 0x11938, 0x1193E, 0x11D44, 0x1611E, 0x16121, 0x16D67, 0x16FF0, 0x1CCD6, 0x1E030, 0x1E08F, 0x1E130, 0x1E4EC, 0x1F16C, 0x1FBF0]
OLDER = [ord(c) for c in "aeAO fi"] + [0x300, 0x301, 0x307, 0x316, 0x327, 0x334, 0x345, 0xE9, 0x1E9B, 0x323, 0xFB01, 0x64B, 0x651, 0x5B0, 0x1100, 0x1161, 0x11A8, 0xAC00, 0x212B,
                                         0x2460, 0x3099, 0x304B, 0x94D, 0x93C, 0x915, 0x1D15E, 0x2F800, 0x133, 0xFF21]
r = random.Random(1)
cases = [dict(text="\U000113c7 a\u08ca\u064f")]
for _ in range(300):
    cases.append(dict(text="".join(chr(r.choice(NEWER if r.random() < 0.3 else OLDER)) for _ in range(r.randint(1, 8)))))
for case in cases:
    case |= {name: form.normalize_str(case["text"]) for name, form in FORMS.items()}
print(json.dumps(dict(tokenizers=tokenizers.__version__, cases=cases)))
