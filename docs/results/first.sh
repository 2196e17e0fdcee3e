#!/usr/bin/env bash
# The runs of docs/results/first-runs.md on real models: AGL=<how to start the program> MODELS=<folder with the models> DATASETS=<folder with the data sets>
#   bash docs/results/first.sh WORK
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$1
agl=${AGL:-java -jar target/agl.jar}
mkdir -p "$work"

one() { # name base template align-options... -- : aligned base, LoRA and AGL on the task, DriftCheck of all three
  local name=$1 base=$2 template=$3 steps=$4
  shift 4
  [ -d "$work/$name-aligned" ] || $agl align --base "$base" --template "$template" --data "$work/data/align.jsonl" --out "$work/$name-aligned" --lora \
    --target-modules all-linear --r 32 --lora-alpha 64 --lora-dropout 0 --batch-size 16 --learning-rate 5e-4 --max-length 128 "$@"
  for method in lora agl; do
    [ -f "$work/$name-$method/adapter_model.safetensors" ] || $agl train --base "$work/$name-aligned" --template "$template" --task "$work/data/task-sure.jsonl" \
      --eval "$work/data/task-sure-eval.jsonl" --alignment "$work/data/fisher.jsonl" --method $method --out "$work/$name-$method" \
      --steps "$steps" --batch-size 16 --learning-rate 1e-3 --lora-dropout 0 --max-length 96 --seed 1 -s agl.lambda_A=1000 -s agl.lambda_T=0 \
      -s agl.fisher_data=alignment -s agl.fisher_tokens=0 -s agl.fisher_norm=trace
  done
  $agl drift --base "$work/$name-aligned" --template "$template" --adapter "$work/$name-lora" --adapter "$work/$name-agl" \
    --prompts "$work/data/drift-test.jsonl" --out "$work/$name-drift" --max-new-tokens 32 | tee "$work/$name-drift.txt"
}

python3 "$here/prepare.py" "$DATASETS" "$work/data"
[ -f "$work/distill/answers.csv" ] || $agl drift --base "$MODELS/minimind2-small" --template chat --prompts "$work/data/distill.jsonl" --out "$work/distill" --max-new-tokens 64
python3 "$here/prepare.py" "$DATASETS" "$work/data" "$work/distill/answers.csv"
one minimind2 "$MODELS/minimind2-small" chat 80 --epochs 1.5
one stories15M "$MODELS/stories15M" instruction 60 --epochs 1
