#!/usr/bin/env bash
# On a machine with a GPU and python3 with torch: unpacks what dev/gpu/pack.sh packed, once, and runs a stage.
#   dev/gpu/run.sh sd      a model with the sizes of text-to-video-ms-1.7b and random weights: exported in fp16 and fp32, measured beside torch
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
chmod +x "$here/bin/node" "$here"/node_modules/@esbuild/linux-x64/bin/esbuild
export PATH="$here/bin:$PATH" PYTHONPATH="$here/python" XDG_CACHE_HOME=/tmp/fractal-cache HF_HUB_OFFLINE=1
# NVIDIA's libraries: those of this machine's torch, unless the system has its own.
nvidia=$(python3 -c 'import nvidia, os; print(list(nvidia.__path__)[0])')
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$nvidia/cu13/lib:$nvidia/cudnn/lib"
bench() { node --import=tsx bench/run.ts gpu "$@"; }
export_model() { (cd tools/export-model && python3 export_model.py "$@"); }
nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader

case ${1:-sd} in
  sd)
    root=$PWD
    if [ ! -e /tmp/sd ]; then
      (cd tools/export-model && python3 random_model.py /tmp/sd.new --size full --tokenizer "$root/engine/models/trained/model/tokenizer")
      mv /tmp/sd.new /tmp/sd
    fi
    # Side by side: each takes minutes of one core.
    for precision in fp16 fp32; do
      [ -e /tmp/sd-$precision ] || export_model /tmp/sd --out /tmp/sd-$precision --precision $precision --name random-ms-1.7b-$precision &
    done
    wait
    bench --models "engine/models/trained/model,/tmp/sd-fp16,/tmp/sd-fp32" --source /tmp/sd --json "$out/gpu-sd.json" --torch-like /tmp/sd-fp16 | tee "$out/gpu-sd.txt"
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
