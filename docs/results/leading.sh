#!/usr/bin/env bash
# The methods that kept refusals on validation prompts (groups.sh, tune.sh), on test prompts with several seeds, for docs/RESULTS.md:
#   AGL=<how to start the program> MODELS=<folder with the models> bash docs/results/leading.sh WORK [SEEDS]
# WORK/data is what prepare.py left there; base and artefact are made as in front.sh if they are missing. Finished runs in WORK/leading are not repeated.
# JAVA_TOOL_OPTIONS=-XX:UseAVX=2 gives the same digits on every machine with AVX2.
set -euo pipefail
work=$1 seeds=${2:-1,2,3}
agl=${AGL:-java -jar target/agl.jar}
out=$work/leading
base=$work/minimind2-full
mkdir -p "$out"
[ -d "$base" ] || $agl align --base "$MODELS/minimind2-small" --template chat --data "$work/data/align.jsonl" --out "$base" --batch-size 16 --lr 3e-5 --epochs 3 \
  -s warmup_ratio=0.1 --max-length 128
[ -f "$work/minimind2.fisher" ] || $agl fisher --base "$base" --template chat --alignment "$work/data/fisher.jsonl" --out "$work/minimind2.fisher"

compare() { # name alignment methods strengths more...
  $agl compare --base "$base" --template chat --alignment "$work/data/$2.jsonl" --task "$work/data/task-sure.jsonl" \
    --eval "$work/data/task-sure-eval-small.jsonl" --prompts "$work/data/drift-test-small.jsonl" --methods "$3" --strengths "$4" --seeds "$seeds" --out "$out/$1" \
    --max-new-tokens 16 -s steps=60 -s batch_size=8 -s learning_rate=1e-3 -s lora_dropout=0 -s max_length=64 -s agl.lambda_T=0 -s agl.lambda_NC=0 \
    "${@:5}" > "$out/$1.txt"
}

compare main fisher lora,agl,mix,kl,kl_sparse,ewc,safeanchor,scale \
  "agl=3000,10000,30000;mix=0.125,0.25,0.5;kl=1,3;kl_sparse=3;ewc=1e5,1e7;safeanchor=32;scale=0.3" --fisher "$work/minimind2.fisher"
# The contrast needs answers to harmless prompts besides.
compare pairs pairs lora,contrast "contrast=0.03" -s fisher_examples=192
