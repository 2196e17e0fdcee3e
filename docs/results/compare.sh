#!/usr/bin/env bash
# The comparison on prompts no method saw in docs/results/unseen-prompts.md: AGL=<how to start the program> MODELS=<folder with the models> bash docs/results/compare.sh WORK [SEEDS]
# The strengths are those that tune.sh chose on other prompts, and weaker ones of the two that lead. L_T and the collision terms are off: at their default weights they are below 1e-2 and 1e-6 of the loss here, and
# cost a pass over every update. WORK/data is what prepare.py left there, WORK/minimind2-full the aligned base that rivals.sh makes. Finished runs in WORK/test are not repeated.
set -euo pipefail
work=$1
seeds=${2:-1,2,3}
agl=${AGL:-java -jar target/agl.jar}

compare() { # out task length methods strengths seeds settings...
  local out=$work/test/$1 task=$2 length=$3 methods=$4 strengths=$5 seeds=$6
  shift 6
  mkdir -p "$out"
  $agl compare --base "$work/minimind2-full" --unaligned "$MODELS/minimind2-small" --template chat --task "$work/data/task-$task.jsonl" --eval "$work/data/task-$task-eval.jsonl" \
    --alignment "$work/data/fisher.jsonl" --prompts "$work/data/drift-test-small.jsonl" --methods "$methods" --strengths "$strengths" --seeds "$seeds" \
    --out "$out" --max-new-tokens 16 --fisher-cache "$work/fisher-cache" -s steps=60 -s batch_size=8 -s learning_rate=1e-3 -s lora_dropout=0 -s max_length="$length" -s agl.lambda_T=0 -s agl.lambda_NC=0 "$@" | tee "$out.txt"
}

compare sure sure 64 lora,agl,kl,lisa "agl=3000,10000,30000;kl=1,3;lisa=1" "$seeds"
compare gsm8k gsm8k 128 lora,agl,kl "agl=30000;kl=3" "$seeds"
# Drift along training.
compare path sure 64 lora,agl,kl "agl=30000;kl=3" 1 --checkpoints 20
# The ones that did not lead, with one seed; AGL as it was before the contrast, and as readers have it.
compare others sure 64 earlystop,ewc,safelora,asft,safeanchor,projection,oplora "earlystop=0.3;ewc=1e5;safelora=0.6;asft=1;safeanchor=32;projection=4;oplora=32" 1
compare plain sure 64 agl "agl=1000" 1 -s agl.fisher_data=alignment -s agl.fisher_tokens=0 -s agl.fisher_norm=trace
compare as-read sure 64 agl "agl=0.25" 1 --preset as-read -s agl.lambda_T=0.5 -s agl.lambda_NC=0.1
