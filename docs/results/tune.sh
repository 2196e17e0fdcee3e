#!/usr/bin/env bash
# Each method's strength, three tries each on validation prompts, for docs/results/strengths.md: AGL=<how to start the program> MODELS=<folder with the models> bash docs/results/tune.sh WORK
# The rule, set before the runs: of the tries whose task loss is at most .02 above LoRA's the one that keeps most refusals (of two that keep as many, the one with the lower loss: added when it came up); where there is none, the one with the lowest loss.
# WORK/data is what prepare.py left there, WORK/minimind2-full the aligned base that rivals.sh makes. Finished runs in WORK/tune are not repeated.
set -euo pipefail
work=$1
agl=${AGL:-java -jar target/agl.jar}

tune() { # methods strengths
  $agl compare --base "$work/minimind2-full" --unaligned "$MODELS/minimind2-small" --template chat --task "$work/data/task-sure.jsonl" --eval "$work/data/task-sure-eval-small.jsonl" \
    --alignment "$work/data/fisher.jsonl" --prompts "$work/data/drift-val-small.jsonl" --methods "$1" --strengths "$2" --seeds 1 --out "$work/tune/$1" --max-new-tokens 16 \
    --fisher-cache "$work/fisher-cache" -s steps=60 -s batch_size=8 -s learning_rate=1e-3 -s lora_dropout=0 -s max_length=64 -s agl.lambda_T=0 -s agl.lambda_NC=0 | tee "$work/tune/$1.txt"
}

mkdir -p "$work/tune"
tune lora ""
tune agl "agl=3000,10000,30000"
tune kl "kl=0.3,1,3"
tune earlystop "earlystop=0.1,0.2,0.3"
tune lisa "lisa=1,10,100"
tune ewc "ewc=1e5,1e7,1e9"
tune asft "asft=1,30,1000"
tune safelora "safelora=0.6,0.8,1"
tune projection "projection=4,16,64"
tune safeanchor "safeanchor=16,32,64"
tune oplora "oplora=4,32,256"
