#!/usr/bin/env bash
# The comparison of docs/results/PROTOCOL.md, for docs/RESULTS.md:
#   AGL=<how to start the program> MODELS=<folder with the models> bash docs/results/front.sh WORK MODEL TASK [SEEDS]
# MODEL is minimind2 or smollm2, TASK is sure, gsm8k or rasbt. WORK/data is what prepare.py left there. Finished runs in WORK/front are not repeated, so the script can be
# stopped and started again. JAVA_TOOL_OPTIONS=-XX:UseAVX=2 gives the same digits on every machine with AVX2.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$1 model=$2 task=$3 seeds=${4:-1,2,3}
agl=${AGL:-java -jar target/agl.jar}
out=$work/front/$model-$task
mkdir -p "$out"
case $model in
  minimind2) plain=$MODELS/minimind2-small ;;
  smollm2) plain=$MODELS/SmolLM2-135M-Instruct ;;
esac
case $task in
  sure) length=64 answers=() ;;
  gsm8k) length=128 answers=(--answer-tokens 96 --match last-number) ;;
  rasbt) length=64 answers=() ;;
esac
base=$work/$model-full
[ -d "$base" ] || $agl align --base "$plain" --template chat --data "$work/data/align.jsonl" --out "$base" --batch-size 16 --lr 3e-5 --epochs 3 \
  -s warmup_ratio=0.1 --max-length 128
# Made once, without the task: what the artefact group has.
[ -f "$work/$model.fisher" ] || $agl fisher --base "$base" --template chat --alignment "$work/data/fisher.jsonl" --out "$work/$model.fisher"

compare() { # name prompts seeds alignment methods strengths
  $agl compare --base "$base" --unaligned "$plain" --template chat --fisher "$work/$model.fisher" --alignment "$work/data/$4.jsonl" \
    --task "$work/data/task-$task.jsonl" --eval "$work/data/task-$task-eval-small.jsonl" --prompts "$work/data/$2.jsonl" --methods "$5" --strengths "$6" --seeds "$3" \
    --out "$out/$1" --max-new-tokens 16 -s steps=60 -s batch_size=8 -s learning_rate=1e-3 -s lora_dropout=0 -s max_length=$length -s agl.lambda_T=0 \
    -s agl.lambda_NC=0 "${answers[@]}" "${@:7}" > "$out/$1.txt"
}

# Five tries of each method on validation prompts with one seed; choose.py names the strengths for the test prompts: the choice and its neighbours.
both() { # name alignment methods strengths more...
  compare "val$1" drift-val-small 1 "$2" "$3" "$4" "${@:5}"
  compare "test$1" drift-test-small "$seeds" "$2" "$3" "$(python3 "$here/choose.py" "$out/val$1/compare.json")" "${@:5}"
  compare "blocks$1" drift-blocks 1 "$2" "$3" "$(python3 "$here/choose.py" --alone "$out/val$1/compare.json")" "${@:5}"
}

methods=lora,agl,mix,kl,kl_sparse,kl_own,sbr,scale,earlystop,ewc,first_tokens,kl_first,der,safegrad,lisa,projection,safeanchor,ema,safelora,safelora_number,asft
strengths="agl=1000,3000,10000,30000,100000;mix=0.125,0.25,0.5;kl=0.3,1,3,10,30;kl_sparse=0.3,1,3,10,30;kl_own=0.3,1,3,10,30;sbr=1,5,15,50,150"
strengths+=";scale=0.2,0.3,0.4,0.5,0.7;earlystop=0.1,0.15,0.2,0.3,0.5;ewc=1e3,1e4,1e5,1e6,1e7;first_tokens=0.03,0.1,0.3,1,3;kl_first=0.1,0.3,1,3,10"
strengths+=";der=0.03,0.1,0.3,1,3;safegrad=0.1,0.3,1,3,10;lisa=0,0.1,1,10,100;projection=2,4,8,16,32;safeanchor=8,16,32,64,96;ema=0.9,0.95,0.98"
strengths+=";safelora=0.5,0.6,0.7,0.8,1;safelora_number=4,8,10,12,16;asft=0.3,1,3,10,30"
both "" fisher "$methods" "$strengths"
# The contrasts need answers to harmless prompts besides.
both -pairs pairs lora,contrast,contrast_linear "contrast=0.01,0.03,0.1,0.3,1;contrast_linear=0.01,0.03,0.1,0.3,1" -s fisher_examples=192
