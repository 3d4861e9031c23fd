#!/usr/bin/env bash
# On a machine with a GPU and python3 with torch: unpacks what dev/gpu/pack.sh packed, once, and runs a stage.
#   dev/gpu/run.sh sd      a model with the sizes of text-to-video-ms-1.7b and random weights: exported in fp16 and fp32, measured beside torch
#   dev/gpu/run.sh wan     the same of Wan 2.1 T2V 1.3B's sizes, in fp16 at 480p; about eight minutes
#   dev/gpu/run.sh wan-24  that model, with all but 24 GiB of the GPU's memory taken: right after `wan`, on the same machine
#   dev/gpu/run.sh grid    provers, villains, GPU worker and verifier judging on the GPU (dev/gpu/pack-grid.sh first): the shipped
#                          model, then the one of `sd` in fp16, which is made where it is not there yet; about eight minutes
#   dev/gpu/run.sh errors  what is said when the GPU, CUDA or cuDNN is missing, or the memory is too small
#   dev/gpu/run.sh CMD…    any command, with everything in place
# Results go to $OUT, here where it is not set. Where a call may bring 64 MB, bring the folders one by one: what one call
# brought is there for the next.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${OUT:-.}
here=/tmp/fractal-gpu
if [ ! -e "$here/whole" ]; then
  mkdir -p "$here"
  cat .gpu-*/part >"$here/part.tar.xz"
  python3 -c 'import sys, tarfile; [tarfile.open(name).extractall(sys.argv[1]) for name in sys.argv[2:]]' \
    "$here" "$here/part.tar.xz" .gpu-*/packages.tar.xz
  touch "$here/whole"
fi
if [ -e node_modules ] && [ ! -L node_modules ]; then
  echo 'node_modules is there: this is for a machine that has nothing yet' >&2
  exit 2
fi
ln -sfn "$here/node_modules" node_modules
chmod +x "$here"/bin/* "$here"/node_modules/@esbuild/linux-x64/bin/esbuild
if [ -e .gpu-grid-1 ] && [ ! -e "$here/whole-grid" ]; then
  cat .gpu-grid-*/part >"$here/grid.tar.xz"
  python3 -c 'import sys, tarfile; tarfile.open(sys.argv[2]).extractall(sys.argv[1])' "$here" "$here/grid.tar.xz"
  touch "$here/whole-grid"
fi
export PATH="$here/bin:$PATH" PYTHONPATH="$here/python" XDG_CACHE_HOME=/tmp/fractal-cache HF_HUB_OFFLINE=1
# NVIDIA's libraries: those of this machine's torch, unless the system has its own.
nvidia=$(python3 -c 'import nvidia, os; print(list(nvidia.__path__)[0])')
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$nvidia/cu13/lib:$nvidia/cudnn/lib"
bench() { node --import=tsx bench/run.ts gpu "$@"; }
export_model() { (cd tools/export-model && python3 export_model.py "$@"); }
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader

random_sd() {
  [ ! -e /tmp/sd ] || return 0
  (cd tools/export-model && python3 random_model.py /tmp/sd.new --size full --tokenizer ../../engine/models/trained/model/tokenizer)
  mv /tmp/sd.new /tmp/sd
}

case ${1:-sd} in
  sd)
    random_sd
    # Side by side: each takes minutes of one core.
    for precision in fp16 fp32; do
      [ -e /tmp/sd-$precision ] || export_model /tmp/sd --out /tmp/sd-$precision --precision $precision --name random-ms-1.7b-$precision &
    done
    wait
    bench --models "engine/models/trained/model,/tmp/sd-fp16,/tmp/sd-fp32" --source /tmp/sd --json "$out/gpu-sd.json" --torch-like /tmp/sd-fp16 | tee "$out/gpu-sd.txt"
    ;;
  wan)
    tokenizer=$PWD/test/fixtures/wan-model/model/tokenizer
    [ -e /tmp/wan-fp16 ] || python3 dev/gpu/export_random_wan.py --size full --tokenizer "$tokenizer" --unchecked \
      --out /tmp/wan-fp16 --name random-wan-1.3b --max-pixels 32348160 --max-work 1617408000 2>&1 | tee "$out/gpu-wan-export.txt"
    bench --models /tmp/wan-fp16 --others 416x240x33@25,832x480x81@10 --runs 1 --source "random-wan:full:$tokenizer" \
      --torch-precisions fp16 --json "$out/gpu-wan.json" 2>&1 | tee "$out/gpu-wan.txt"
    ;;
  wan-24)
    # As its publisher would, once it was measured: what it takes with all of it on the card.
    if [ ! -e /tmp/wan-24 ]; then
      cp -al /tmp/wan-fp16 /tmp/wan-24.new
      rm /tmp/wan-24.new/fractal.json
      python3 -c 'import json, sys; d = json.load(open("/tmp/wan-fp16/fractal.json")); json.dump({**d, "gpu_memory_mib": int(sys.argv[1])}, open("/tmp/wan-24.new/fractal.json", "w"))' "${WAN_MIB:-30000}"
      mv /tmp/wan-24.new /tmp/wan-24
    fi
    python3 -c 'import torch, time; free = torch.cuda.mem_get_info()[0]; x = torch.empty(free - 24 * 2**30, dtype=torch.uint8, device="cuda"); print("held", flush=True); time.sleep(560)' &
    holder=$!
    trap 'kill $holder' EXIT
    sleep 15
    for model in /tmp/wan-24 ${WAN_TOGETHER:+/tmp/wan-fp16}; do
      echo "--- $model, 24 GiB free"
      time node cli/fractal.mjs generate 'a red circle moves right on a blue background' --model.dir "$model" --device cuda --seed 7 --steps 25 --json --out /tmp/wan-24.mp4
    done 2>&1 | tee "$out/gpu-wan-24.txt"
    ;;
  grid)
    mkdir -p web
    ln -sfn "$here/web/dist" web/dist
    class=$(nvidia-smi --query-gpu=name --format=csv,noheader --id=0 | grep -oE '[A-Z]+[0-9]+' | tail -1)
    judge() {
      echo "--- $*"
      node --import=tsx dev/sim/main.ts --real --device cuda --gpu-class "$class" "$@" || echo "ended with $?"
    }
    {
      # While the first grid runs: a minute of processors that it leaves idle.
      { random_sd && { [ -e /tmp/sd-fp16 ] || export_model /tmp/sd --out /tmp/sd-fp16 --precision fp16 --name random-ms-1.7b-fp16; }; } >/tmp/sd-export.log 2>&1 &
      exported=$!
      judge --model.dir engine/models/trained/model --provers 6 --villains fewer-steps,ignores-seed --interval 45 --intervals 3 --users 60 --audit
      wait "$exported" || cat /tmp/sd-export.log
      judge --model.dir /tmp/sd-fp16 --provers 3 --honest "${GRID_HONEST:-20}" --interval 60 --users 12 --audit
    } 2>&1 | tee "$out/gpu-grid.txt"
    ;;
  errors)
    try() {
      echo "--- $1"
      shift
      env "$@" node cli/fractal.mjs doctor --certify --runs 2 --device cuda 2>&1 | tail -4 || true
    }
    {
      try 'all there' X=
      try 'no GPU is visible' CUDA_VISIBLE_DEVICES=
      try 'no cuDNN' LD_LIBRARY_PATH="$nvidia/cu13/lib"
      try 'no CUDA' LD_LIBRARY_PATH=
      echo '--- no room'
      python3 -c 'import torch, time; free = torch.cuda.mem_get_info()[0]; x = torch.empty(int(free - 300e6), dtype=torch.uint8, device="cuda"); print("held", flush=True); time.sleep(40)' &
      sleep 15
      try 'memory is held' X=
      wait
      node cli/fractal.mjs doctor --device cuda
    } | tee "$out/gpu-errors.txt"
    ;;
  *) "$@" ;;
esac
