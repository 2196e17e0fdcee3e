#!/usr/bin/env bash
# Methods by what they need, on validation prompts, for docs/RESULTS.md: AGL=<how to start the program> bash docs/results/groups.sh WORK
# WORK/data is what prepare.py left there, WORK/minimind2-full the aligned base that rivals.sh makes. Finished runs in WORK/groups are not repeated.
set -euo pipefail
work=$1
agl=${AGL:-java -jar target/agl.jar}

compare() { # out alignment methods strengths settings...
  local out=$1 alignment=$2 methods=$3 strengths=$4
  shift 4
  mkdir -p "$work/groups"
  $agl compare --base "$work/minimind2-full" --template chat --task "$work/data/task-sure.jsonl" --eval "$work/data/task-sure-eval-small.jsonl" \
    --alignment $alignment --prompts "$work/data/drift-val-small.jsonl" --methods "$methods" --strengths "$strengths" --seeds 1 \
    --out "$work/groups/$out" --max-new-tokens 16 -s steps=60 -s batch_size=8 -s learning_rate=1e-3 -s lora_dropout=0 -s max_length=64 "$@" \
    | tee "$work/groups/$out.txt"
}

compare nothing "$work/data/fisher.jsonl" lora,earlystop,scale,ema,first_tokens "earlystop=0.2;scale=0.3,0.5;ema=0.95;first_tokens=1,10"
compare artefact "$work/data/fisher.jsonl" agl "agl=3000,10000,30000" -s agl.lambda_T=0 -s agl.lambda_NC=0
compare data "$work/data/fisher.jsonl" kl,kl_sparse,kl_first,mix "kl=1,3;kl_sparse=1,3;kl_first=1,3;mix=0.125,0.25,0.5"
compare pairs "$work/data/pairs.jsonl" contrast,contrast_linear "contrast=0.03,0.1;contrast_linear=0.03,0.1" -s fisher_examples=192
compare builtin builtin agl,kl,mix "agl=10000;kl=1;mix=0.25" -s agl.lambda_T=0 -s agl.lambda_NC=0
