#!/usr/bin/env bash
# Which Fisher information, on validation prompts, for docs/results/which-fisher.md: AGL=<how to start the program> bash docs/results/fisher.sh WORK
# WORK/data is what prepare.py left there, WORK/minimind2-full the aligned base that rivals.sh makes. Finished runs in WORK/fisher are not repeated.
set -euo pipefail
work=$1
agl=${AGL:-java -jar target/agl.jar}

compare() { # out methods strengths settings...
  local out=$work/fisher/$1 methods=$2 strengths=$3
  shift 3
  mkdir -p "$out"
  $agl compare --base "$work/minimind2-full" --template chat --task "$work/data/task-sure.jsonl" --eval "$work/data/task-sure-eval-small.jsonl" \
    --alignment "$work/data/fisher.jsonl" --prompts "$work/data/drift-val-small.jsonl" --methods "$methods" --strengths "$strengths" --seeds 1 --out "$out" \
    --max-new-tokens 16 --fisher-cache "$work/fisher-cache" -s steps=60 -s batch_size=8 -s learning_rate=1e-3 -s lora_dropout=0 -s max_length=64 \
    -s agl.lambda_T=0 -s agl.lambda_NC=0 "$@" | tee "$out.txt"
}

compare rivals lora,kl "kl=0.3,1,3"
compare tokens1 agl "agl=3000,6000,10000,20000" -s agl.fisher_tokens=1
compare tokens2 agl "agl=3000,10000,30000"
compare tokens3 agl "agl=10000,30000" -s agl.fisher_tokens=3
compare tokens4 agl "agl=10000,30000,100000" -s agl.fisher_tokens=4
compare contrast agl "agl=30000" -s agl.fisher_data=contrast
compare alignment agl "agl=30000" -s agl.fisher_data=alignment
compare trace agl "agl=30000" -s agl.fisher_norm=trace
compare refresh agl "agl=30000" -s agl.refresh_every=10
compare m32 agl "agl=10000" -s agl.fisher_tokens=1 -s agl.m=32
compare kfac agl "agl=10000" -s agl.fisher_tokens=1 -s agl.backend=kfac
compare kfac512 agl "agl=10000" -s agl.fisher_tokens=1 -s agl.backend=kfac -s agl.m=512
