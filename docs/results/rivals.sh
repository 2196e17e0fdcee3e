#!/usr/bin/env bash
# The comparison with rivals on validation prompts in docs/results/first-runs.md: AGL=<how to start the program> MODELS=<folder with the models> bash docs/results/rivals.sh WORK
# WORK/data is what first.sh left there.
set -euo pipefail
work=$1
agl=${AGL:-java -jar target/agl.jar}
base=$work/minimind2-full

[ -d "$base" ] || $agl align --base "$MODELS/minimind2-small" --template chat --data "$work/data/align.jsonl" --out "$base" --batch-size 16 --lr 3e-5 --epochs 3 \
  -s warmup_ratio=0.1 --max-length 128

compare() { # out methods strengths settings...
  local out=$1 methods=$2 strengths=$3
  shift 3
  $agl compare --base "$base" --template chat --task "$work/data/task-sure.jsonl" --eval "$work/data/task-sure-eval.jsonl" --alignment "$work/data/fisher.jsonl" \
    --prompts "$work/data/drift-val.jsonl" --methods "$methods" --strengths "$strengths" --seeds 1 --out "$out" --max-new-tokens 24 \
    -s steps=60 -s batch_size=8 -s learning_rate=1e-3 -s lora_dropout=0 -s max_length=64 -s agl.lambda_T=0 -s agl.lambda_NC=0 \
    -s agl.fisher_data=alignment -s agl.fisher_tokens=0 -s agl.fisher_norm=trace "$@" | tee "$out.txt"
}
mkdir -p "$work/rivals"
compare "$work/rivals/plain" lora,agl,kl,earlystop "agl=1000;kl=1;earlystop=0.5"
compare "$work/rivals/contrast" agl "agl=1000,10000" -s agl.fisher_data=contrast
